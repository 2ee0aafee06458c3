"""The daemon: serves a bundle over gRPC and tells what every call cost."""

import os

# From 1.29 on ONNX Runtime reports to its maker, and keeps a device number and a database in the user's cache for that.
# It reads this when it is imported, which happens in this package's modules or after them.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
