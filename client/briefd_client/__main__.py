"""`python -m briefd_client`: the command `brief`."""

from briefd_client.cli import main

if __name__ == "__main__":
    main()
