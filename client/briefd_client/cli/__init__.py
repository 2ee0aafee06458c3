"""The `brief` command: it only asks and shows; everything that it knows of the daemon is the library's."""

from briefd_client.cli.root import main

__all__ = ["main"]
