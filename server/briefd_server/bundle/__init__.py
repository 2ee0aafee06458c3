"""Bundles: a model on disk with its manifest, read and checked alike by the daemon and the builder."""

from briefd_server.bundle.fields import MANIFEST_NAME
from briefd_server.bundle.finding import DEFAULT_BUNDLE, bundle_directories, find_bundle
from briefd_server.bundle.manifest import (
    BASELINE,
    CLASSIFY,
    OPTIMIZED,
    SUMMARIZE,
    FileEntry,
    Manifest,
    VariantEntry,
    encode_manifest,
    parse_manifest,
)
from briefd_server.bundle.reading import Bundle, describe_file, read_bundle, write_manifest
from briefd_server.errors import BundleError

__all__ = [
    "BASELINE",
    "CLASSIFY",
    "DEFAULT_BUNDLE",
    "MANIFEST_NAME",
    "OPTIMIZED",
    "SUMMARIZE",
    "Bundle",
    "BundleError",
    "FileEntry",
    "Manifest",
    "VariantEntry",
    "bundle_directories",
    "describe_file",
    "encode_manifest",
    "find_bundle",
    "parse_manifest",
    "read_bundle",
    "write_manifest",
]
