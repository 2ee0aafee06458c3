"""The processor's features, as Linux tells them."""

from __future__ import annotations

# `flags` on x86, `Features` on Arm; other architectures name theirs otherwise, and no form asks for those.
_KEYS = ("flags", "Features")


def read_cpu_features(proc: str = "/proc") -> frozenset[str]:
    """Read the features that every processor of the machine has; none where the kernel does not say.

    They are named as in `/proc/cpuinfo`: `avx512_vnni`, `asimddp`.
    """
    try:
        with open(f"{proc}/cpuinfo", encoding="utf-8", errors="replace") as file:
            fields = [line.partition(":") for line in file]
    except OSError:
        return frozenset()
    processors = [set(value.split()) for key, _, value in fields if key.strip() in _KEYS]
    # A model's threads run on any of the processors, and the cores of some machines differ.
    return frozenset(set.intersection(*processors)) if processors else frozenset()
