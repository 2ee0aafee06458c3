"""Engines: one sub-package or file each behind the `Engine` protocol of `base`."""
