"""Our own engine: a variant of a generative bundle, run by the session that serves it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from briefd_build.bench.contender import AbsentError, LoadedModel, StepwiseModel
from briefd_build.errors import BuildError
from briefd_server.bundle import read_bundle
from briefd_server.cpu_features import read_cpu_features
from briefd_server.engines.base import UnwatchedCall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_build.generative.source import ModelSource

ENGINE = "generative"


@dataclass(frozen=True)
class BundleVariant:
    """A variant of the bundle in `directory`; any of `cpu_features` makes it run well, if it needs any."""

    directory: Path
    variant: str
    cpu_features: tuple[str, ...]

    @property
    def name(self) -> str:
        """See `Contender`."""
        return f"briefd {self.variant}"

    @property
    def note(self) -> str:
        """See `Contender`."""
        return "the session that serves, here without constraints and drafts, so that it writes what the others write"

    def prepare(self) -> None:
        """See `Contender`."""
        if self.cpu_features and read_cpu_features().isdisjoint(self.cpu_features):
            raise AbsentError(f"this processor has none of {', '.join(self.cpu_features)}")

    def load(self, thread_count: int) -> LoadedModel:
        """See `Contender`."""
        import numpy as np  # noqa: PLC0415 - kept out of the parent

        from briefd_server.engines.generative.model import TokenKind  # noqa: PLC0415 - likewise
        from briefd_server.engines.generative.parameters import read_parameters  # noqa: PLC0415 - likewise
        from briefd_server.engines.generative.session import (  # noqa: PLC0415 - likewise
            GraphFiles,
            ModelSession,
            Threads,
        )

        parameters = read_parameters(read_bundle(self.directory).manifest)
        graphs = asdict(parameters.graphs[self.variant])
        files = GraphFiles(**{part: self.directory / name for part, name in graphs.items() if name})
        # One kind for all: no token is masked.
        kinds = np.full(parameters.vocabulary_size, TokenKind.WORD, np.uint8)
        threads = Threads(thread_count, min(thread_count, parameters.decode_threads))
        return StepwiseModel(_Session(ModelSession(files, kinds, parameters.context_tokens, threads)))


def list_variants(directory: Path, source: ModelSource) -> list[BundleVariant]:
    """List the variants of a bundle, first choice first.

    Raises:
        BuildError: it is no generative bundle, or one of other weights than those of `source`.
        BundleError: it is no bundle at all.

    """
    manifest = read_bundle(directory).manifest
    if manifest.engine != ENGINE:
        raise BuildError(f"{directory} is a bundle of the engine {manifest.engine!r}; give one of brief-build generate")
    if manifest.provenance.get("base", {}).get("weights_sha256") != source.sha256:
        raise BuildError(
            f"{directory} was not made of the weights of {source.name}; name the model that it was made of"
        )
    variants = sorted(manifest.variants.items(), key=lambda each: each[1].rank)
    return [BundleVariant(directory, name, entry.cpu_features) for name, entry in variants]


class _Session:
    """Implements `Stepper` with a session whose masks let every token through."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def begin(self, prompt_ids: Sequence[int]) -> int:
        """See `Stepper`."""
        self._session.begin(UnwatchedCall(), prompt_ids)
        return self._best(prompt_ids)

    def step(self, token_id: int) -> int:
        """See `Stepper`."""
        return self._best([token_id])

    def _best(self, token_ids: Sequence[int]) -> int:
        from briefd_server.engines.generative.model import TokenKind  # noqa: PLC0415 - in memory since it was loaded

        return int(self._session.advance(token_ids, TokenKind.ANY).token_ids[0])
