"""The daemon: serves a bundle over gRPC and tells what every call cost."""
