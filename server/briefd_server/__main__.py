"""`python -m briefd_server`: the command `briefd`."""

from briefd_server.cli import main

if __name__ == "__main__":
    main()
