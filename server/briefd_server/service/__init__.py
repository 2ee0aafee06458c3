"""The service on the wire: the only room of the daemon that knows gRPC messages and statuses."""
