"""Builds the bundles that the daemon serves."""

import briefd_server  # noqa: F401 - before ONNX Runtime, whose telemetry it turns off
