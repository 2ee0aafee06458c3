"""Version 1 of the wire contract; see `briefd.proto` beside this file."""
