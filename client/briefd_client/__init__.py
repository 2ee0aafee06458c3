"""The client library and the `brief` command."""
