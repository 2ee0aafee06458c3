"""The whole of it: read the texts, learn the weights, and tell how well it was learned."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from briefd_build.choosing.learning import learn_weights, read_dev_texts, read_examples, read_training_texts
from briefd_build.choosing.measuring import Shares, cross_validate, measure
from briefd_build.errors import BuildError
from briefd_server.engines.extractive import load, read_parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_server.bundle import Bundle

_MESSAGES = "corpora/data/messages-en.jsonl"
_THREADS = 1


@dataclass(frozen=True)
class Learned:
    """Weights by feature, in units of value, and how they do on texts that they were not learned from, by group."""

    weights: dict[str, float]
    shares: dict[str, Shares]


def learn(bundle: Bundle, data: Path, messages: Path | None, report: Callable[[str, float], None]) -> Learned:
    """Learn the weights for a bundle's encoder and costs.

    Raises:
        BuildError: the texts are not at hand.
    """
    messages = messages or Path(str(resources.files("briefd_build") / _MESSAGES))
    for needed in (messages, data / "pairs"):
        if not needed.exists():
            raise BuildError(f"learning needs {needed}; copy it there, or name where it is")
    parameters = read_parameters(bundle.manifest)
    engine = load(bundle, "optimized", _THREADS)
    language, costs = parameters.language, parameters.costs
    train = read_examples(engine, costs, read_training_texts(data, messages), language, report)
    dev = read_examples(engine, costs, read_dev_texts(data), language, report)
    report("learning", 1.0)
    weights = learn_weights(train, costs)
    return Learned(weights, {**measure(dev, weights, costs), **cross_validate(train, costs)})


def table(learned: Learned) -> Table:
    """Lay out the shares for a terminal."""
    rows = Table("texts", "count", "by the costs", "learned", title="Share whose best sentence stands highest")
    for group, shares in learned.shares.items():
        rows.add_row(group, str(shares.count), f"{shares.before:.1%}", f"{shares.learned:.1%}")
    return rows
