"""Builds the bundles that the daemon serves."""
