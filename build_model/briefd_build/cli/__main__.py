"""Lets `python -m briefd_build.cli` be the command."""

from briefd_build.cli import main

main()
