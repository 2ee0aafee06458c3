"""Which form of a bundle's model this machine serves: the first choice among those that its processor runs well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_server.bundle import BASELINE, OPTIMIZED
from briefd_server.errors import EngineLoadError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from briefd_server.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms of a bundle's model that are served here, as the manifest names them.

    `choices` are those that a request for the optimized one can mean, the one that it does mean first; never empty.
    """

    choices: tuple[str, ...]
    has_baseline: bool

    def by_variant(self) -> dict[str, str]:
        """Tell the form that answers a request for `optimized` and, where it is there, for `baseline`."""
        served = {OPTIMIZED: self.choices[0]}
        return {**served, BASELINE: BASELINE} if self.has_baseline else served


def choose_forms(bundle: Bundle, cpu_features: AbstractSet[str]) -> Forms:
    """Choose the forms that a processor with these features runs: lowest rank first, the manifest's order among equals.

    Raises:
        EngineLoadError: it runs none.

    """
    variants = bundle.manifest.variants
    present = sorted((name for name in bundle.variants if name != BASELINE), key=lambda name: variants[name].rank)
    choices = [
        name
        for name in present
        if not variants[name].cpu_features or not cpu_features.isdisjoint(variants[name].cpu_features)
    ]
    if not choices:
        needs = "; ".join(f"{name}: {' or '.join(variants[name].cpu_features)}" for name in present)
        raise EngineLoadError(
            f"bundle {bundle.manifest.name} cannot be run by this processor, which has none of the features that its "
            f"forms need ({needs}); build it again with a form that needs none, or serve another bundle"
        )
    return Forms(tuple(choices), BASELINE in bundle.variants)


def check_memory(bundle: Bundle, form: str, attainable_bytes: int) -> None:
    """Refuse a form that is sure to fail: one that takes more memory than this process can come to hold.

    A form whose manifest doesn't say what it takes is let through.

    Raises:
        EngineLoadError: the form takes more than that.

    """
    memory_bytes = bundle.manifest.variants[form].memory_bytes
    if memory_bytes is not None and memory_bytes > attainable_bytes:
        raise EngineLoadError(
            f"bundle {bundle.manifest.name} cannot be loaded: its form {form} takes {memory_bytes / 1e6:,.0f} MB of "
            f"memory, and {attainable_bytes / 1e6:,.0f} MB can be had; end other programs, or serve a smaller bundle"
        )
