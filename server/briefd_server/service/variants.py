"""What a bundle's variants are called on the wire."""

from __future__ import annotations

from briefd.v1 import briefd_pb2
from briefd_server.bundle import BASELINE, OPTIMIZED

VARIANT_NAMES = {briefd_pb2.VARIANT_OPTIMIZED: OPTIMIZED, briefd_pb2.VARIANT_BASELINE: BASELINE}
VARIANTS = {name: variant for variant, name in VARIANT_NAMES.items()}
