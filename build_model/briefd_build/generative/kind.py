"""Language models as the pipeline knows them: they write a sentence of their own about a text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from briefd_build.compression.decoders import find_anatomy
from briefd_build.corpora.collection import read_corpora
from briefd_build.errors import BuildError
from briefd_build.generative.conversion import Options, Prepared, export_all, load_prepared, make_prompts, read_texts
from briefd_build.generative.forms import FLOAT32, OUTPUT_LAYERS, find_variant
from briefd_build.generative.judging import EvaluationTable, Judge
from briefd_build.generative.learning import DataTable, Lessons
from briefd_build.generative.manifest import Decoding, Origin, describe_variant, write_bundle
from briefd_build.generative.measuring import TIMED_TOKENS, agree
from briefd_build.generative.pytorch_writer import write_in_pytorch
from briefd_build.generative.replacing import replaced
from briefd_build.generative.requirements import check_download
from briefd_build.generative.saving import read_model, save_model
from briefd_build.generative.source import LoadedModel, find_model
from briefd_build.pipeline.model import Model
from briefd_build.pipeline.parsing import build
from briefd_build.templates import write_template
from briefd_server.engines.generative.prompt import Template
from briefd_server.engines.generative.session import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from torch import Tensor
    from transformers import PreTrainedModel

    from briefd_build.compression.anatomy import Anatomy
    from briefd_build.corpora.documents import Document
    from briefd_build.generative.conversion import Exported
    from briefd_build.generative.variants import Variant
    from briefd_build.pipeline.model import Lesson, Report
    from briefd_build.pipeline.results import Answer, Score

# An export that computes something else chooses hardly any token alike. Random weights lie closest together: 4 bits of
# a model of 32 values a token still chose 29 % of 120 tokens as float32 does.
_LEAST_AGREEMENT = 0.1
_TIMED_TEXTS = 24
# Single tokens wait for memory, which two threads keep busy; reading ahead gains nothing for sentences of this length
# (see `building`).
_DECODING = Decoding(threads=2, draft_tokens=0)


@dataclass(frozen=True)
class ModelTable:
    """A recipe's `[model]`.

    Attributes:
        source: a directory or a hub name.
        template: name of a prompt template; None: the model's own, else its family's.
        context_tokens: most tokens of prompt and answer; None: the model's, 1,024 at most.
        shortlist_size: tokens that an output layer with a shortlist always scores.
    """

    source: str
    template: str | None = None
    context_tokens: int | None = None
    shortlist_size: int = Options.shortlist_size

    def __post_init__(self) -> None:
        if min(self.context_tokens or 1, self.shortlist_size) < 1:
            raise ValueError("context_tokens and shortlist_size must be 1 or more")


@dataclass(frozen=True)
class Facts:
    """What a bundle tells of a model besides its weights; see `Prepared`.

    `end_tokens` mean end-of-text, by name: their numbers change where a vocabulary is pruned.
    """

    origin: Origin
    template: Template
    context_tokens: int
    end_tokens: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Write what `build` reads."""
        facts: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return facts


class GenerativeKind:
    """See `Kind`; `data_directory` finds the corpora."""

    output_layers = OUTPUT_LAYERS

    def __init__(
        self,
        model: Mapping[str, Any],
        data: Mapping[str, Any],
        evaluation: Mapping[str, Any],
        data_directory: Callable[[], Path],
    ) -> None:
        self._model = build(ModelTable, model, "model")
        self._evaluation = build(EvaluationTable, evaluation, "evaluation")
        self._lessons = Lessons(build(DataTable, data, "data"), lambda: self._documents)
        self._data_directory = data_directory
        self._judge = Judge(self._evaluation, data_directory, lambda: self._open(self._model.source)[0])

    def open(self, source: str) -> Model:
        """See `Kind`."""
        prepared, origin = self._open(source)
        loaded = prepared.loaded
        end_tokens = tuple(str(loaded.tokenizer.id_to_token(each)) for each in loaded.end_ids)
        facts = Facts(origin, prepared.template, prepared.context_tokens, end_tokens)
        return Model(loaded.model, loaded.tokenizer, facts=facts.to_json())

    def save(self, model: Model, folder: Path) -> None:
        """See `Kind`: a Hugging Face directory."""
        facts = _facts(model)
        save_model(model, _network(model), write_template(facts.template), facts.end_tokens[0], folder)

    def load(self, folder: Path) -> Model:
        """See `Kind`."""
        return read_model(folder)

    def anatomy(self, model: Model) -> Anatomy | None:
        """See `Kind`: of most decoders."""
        return find_anatomy(_network(model))

    def texts(self, model: Model) -> list[str]:
        """See `Kind`: prompts and summaries of the recipe's pairs; prompts of the corpora where it names none."""
        template = _facts(model).template
        return [f"{template.prefix}{text}{template.suffix}{summary}" for text, summary in self._lessons.texts()]

    def losses(self, model: Model, batches: int) -> Iterator[Tensor]:
        """See `Kind`."""
        return self._lessons.losses(_prepared(model), batches)

    def train(self, model: Model, lesson: Lesson, teacher: Model | None, checkpoint: Path, report: Report) -> None:
        """See `Kind`."""
        taught = _prepared(teacher) if teacher else None
        model.network = self._lessons.train(_prepared(model), lesson, taught, checkpoint, report)

    def finish(self, model: Model, report: Report) -> None:
        """Do nothing: all that a language model knows is in its network."""

    def write_bundle(self, model: Model, directory: Path, report: Report) -> str:
        """See `Kind`; the bundle holds the one variant that the form asks for.

        Its float32 graphs are compared with the network in PyTorch whatever the form is, and the form with them.
        """
        variant = find_variant(model.form)
        others = [] if variant is FLOAT32 else [variant]
        with replaced(directory) as folder:
            exported = export_all(_prepared(model), FLOAT32, others, self._options, folder, report)
            checked = self._check(exported, variant, report)
            entries = {variant.name: describe_variant(exported, variant)}
            provenance = {"options": asdict(self._options)}
            write_bundle(exported, _facts(model).origin, entries, _DECODING, provenance, evaluation={})
        return f"{checked}; operators are fused as they are written" if model.form.is_optimized else checked

    def run_in_pytorch(self, model: Model) -> Callable[[str], object]:
        """See `Kind`: as many tokens as a sentence takes, greedily, whatever they are."""
        prepared = _prepared(model)

        def run(text: str) -> object:
            (prompt,) = make_prompts(prepared, [text])
            return write_in_pytorch(prepared.loaded.model, prompt, TIMED_TOKENS[0])

        return run

    def timed_texts(self) -> list[str]:
        """See `Kind`: news, letters, notes and logs of some 50 words."""
        return read_texts()[:_TIMED_TEXTS]

    def answer(self, bundle: Path, thread_count: int, report: Report) -> list[Answer]:
        """See `Kind`."""
        return self._judge.answer(bundle, thread_count, report)

    def score(self, answers: Sequence[Answer], baseline: Sequence[Answer]) -> dict[str, float]:
        """See `Kind`."""
        return self._judge.score(answers, baseline)

    @property
    def metrics(self) -> Sequence[Score]:
        """See `Kind`."""
        return self._evaluation.metrics

    @property
    def _options(self) -> Options:
        return Options(
            self._model.template, self._model.context_tokens, self._model.shortlist_size, self._evaluation.threads
        )

    @cached_property
    def _documents(self) -> Sequence[Document]:
        return read_corpora(self._data_directory(), "train").documents()

    def _open(self, source: str) -> tuple[Prepared, Origin]:
        found = find_model(source, check_download)
        return load_prepared(found, self._options), Origin.of(found)

    def _check(self, exported: Exported, variant: Variant, report: Report) -> str:
        """Say how a variant compares with PyTorch (float32), or with float32; refuse one that computes other things."""
        parity = exported.parity
        if variant is FLOAT32:
            return f"{parity.token_count - parity.tie_count:,} of {parity.token_count:,} greedy tokens as PyTorch's"
        report(f"comparing {variant.name} with float32", 0.0)
        threads = self._evaluation.threads
        agreement = agree(exported.open(variant.name, Threads(threads, threads)), exported.prompts, exported.written)
        if agreement.share < _LEAST_AGREEMENT:
            raise BuildError(
                f"{variant.name} chooses float32's next token in {agreement.share:.0%} of {agreement.token_count:,} "
                "places only: it is broken; choose more bits for this model"
            )
        return (
            f"{agreement.same_count:,} of {agreement.token_count:,} greedy tokens as float32's, which writes PyTorch's"
        )


def _facts(model: Model) -> Facts:
    return build(Facts, model.facts, "facts")


def _network(model: Model) -> PreTrainedModel:
    return cast("PreTrainedModel", model.network)


def _prepared(model: Model) -> Prepared:
    facts = _facts(model)
    end_ids = tuple(cast("int", model.tokenizer.token_to_id(each)) for each in facts.end_tokens)
    loaded = LoadedModel(_network(model), model.tokenizer, end_ids)
    return Prepared(facts.origin.base["name"], loaded, facts.template, facts.context_tokens)
