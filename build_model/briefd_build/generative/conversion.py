"""From a language model to the graphs of all variants, the float32 one checked against transformers."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer

from briefd_build.errors import BuildError
from briefd_build.generative.export import Vocabularies, export_variant
from briefd_build.generative.families import read_architecture
from briefd_build.generative.measuring import Prompt, write_greedily
from briefd_build.generative.parity import Parity, check_parity
from briefd_build.generative.shortlist import choose_frequent, find_ends
from briefd_build.generative.source import find_start_ids, load_model
from briefd_build.templates import find_template
from briefd_server.engines.base import MAX_WORD_COUNT
from briefd_server.engines.generative.engine import text_room
from briefd_server.engines.generative.model import TokenKind
from briefd_server.engines.generative.parameters import GraphNames
from briefd_server.engines.generative.prompt import Prompt as PromptMaker
from briefd_server.engines.generative.session import GraphFiles, ModelSession, Threads
from briefd_server.engines.generative.vocabulary import Vocabulary, VocabularyError
from briefd_server.engines.tokenizer_files import TOKENIZER_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from briefd_build.generative.export import VariantFiles
    from briefd_build.generative.source import LoadedModel, ModelSource
    from briefd_build.generative.variants import Variant
    from briefd_server.engines.generative.prompt import Template

MOST_DEFAULT_CONTEXT_TOKENS = 1024
MOST_DRAFT_TOKENS = 8
# Of 50 prompts, so that agreement rests on more than 1,000 tokens of most models.
_MOST_WRITTEN_TOKENS = 40
_PROMPTS = "prompts.txt"
_WORDS_SHORTER = 8


@dataclass(frozen=True)
class Options:
    """What is asked of a bundle.

    Attributes:
        template: name of a prompt template; None: the model's own, else its family's.
        context_tokens: most tokens of prompt and answer; None: the model's, `MOST_DEFAULT_CONTEXT_TOKENS` at most.
        shortlist_size: tokens that every request's shortlist holds.
        thread_count: threads that run the model while it is measured.
    """

    template: str | None = None
    context_tokens: int | None = None
    shortlist_size: int = 8192
    thread_count: int = 2


@dataclass(frozen=True)
class Prepared:
    """A language model, and what its bundle tells besides its weights.

    Attributes:
        name: for messages.
        loaded: the model, float32, with its tokenizer.
        template: what stands around a text.
        context_tokens: most tokens of prompt and answer; of an encoder-decoder model, of each.
    """

    name: str
    loaded: LoadedModel
    template: Template
    context_tokens: int

    @property
    def is_encoder_decoder(self) -> bool:
        """Whether an encoder reads the prompt."""
        return bool(self.loaded.model.config.is_encoder_decoder)


@dataclass(frozen=True)
class Exported:
    """The graphs of a model in a folder, and what is needed to run and measure them without it.

    Attributes:
        folder: of the graphs and the tokenizer.
        files: of each variant.
        template: what stands around a text.
        context_tokens: most tokens of prompt and answer; of an encoder-decoder model, of each.
        vocabulary_size: rows of the output layer.
        end_ids: tokens that mean end-of-text.
        start_ids: what a decoder after an encoder reads first.
        prompts: varied texts, for measuring.
        written: what float32 writes after each of them, greedily.
        parity: with transformers.
    """

    folder: Path
    files: dict[str, VariantFiles]
    template: Template
    context_tokens: int
    vocabulary_size: int
    end_ids: tuple[int, ...]
    start_ids: tuple[int, ...]
    prompts: Sequence[Prompt]
    written: Sequence[Sequence[int]] = ()
    parity: Parity = dataclasses.field(default_factory=lambda: Parity(0, 0, 0))

    def graphs(self, variant: str) -> GraphNames:
        """Name the graphs of a variant."""
        files = self.files[variant]
        parts = (files.decode, files.prefill, files.encode, files.rows)
        return GraphNames(*(part[0] if part else None for part in parts))  # type: ignore[arg-type]  # decode is there

    def names(self, variant: str) -> list[str]:
        """Name all files of a variant, its decoder's graph first."""
        files = self.files[variant]
        return list(dict.fromkeys([*files.decode, *files.prefill, *files.encode, *files.rows]))

    def size_bytes(self, variant: str) -> int:
        """Add up the files of a variant."""
        return sum((self.folder / name).stat().st_size for name in self.names(variant))

    def open(self, variant: str, threads: Threads) -> ModelSession:
        """Open a variant as `open_unmasked` does."""
        return open_unmasked(self.folder, self.graphs(variant), self.vocabulary_size, self.context_tokens, threads)


def open_unmasked(
    folder: Path, names: GraphNames, vocabulary_size: int, context_tokens: int, threads: Threads
) -> ModelSession:
    """Open graphs with masks that let every token through: what is measured is the model, not the decoding."""
    kinds = np.full(vocabulary_size, int(TokenKind.WORD), np.uint8)
    graphs = GraphFiles(**{part: folder / name for part, name in dataclasses.asdict(names).items() if name})
    return ModelSession(graphs, kinds, context_tokens, threads)


def load_prepared(source: ModelSource, options: Options) -> Prepared:
    """Load a model, and decide what its bundle tells of it.

    Raises:
        BuildError: the model will not do.

    """
    loaded = load_model(source)
    template = find_template(source.family, loaded.tokenizer, source.directory, options.template)
    return Prepared(source.name, loaded, template, choose_context(source, options.context_tokens))


def export_all(
    prepared: Prepared,
    reference: Variant,
    others: Sequence[Variant],
    options: Options,
    folder: Path,
    report: Callable[[str, float], None],
) -> Exported:
    """Write the graphs of variants to a folder, and check those of the first, which is float32.

    Raises:
        BuildError: the model will not do, or the exported one writes something else than transformers.

    """
    loaded = prepared.loaded
    vocabulary = _read_vocabulary(prepared)
    exported = _begin(prepared, folder)
    loaded.tokenizer.save(str(folder / TOKENIZER_NAME))
    architecture = read_architecture(loaded.model, exported.context_tokens)
    frequent = choose_frequent(loaded.tokenizer, vocabulary, options.shortlist_size)
    vocabularies = Vocabularies(find_ends(vocabulary), frequent)
    report("exporting float32", 0.0)
    exported.files[reference.name] = export_variant(architecture, reference, vocabularies, folder)
    exported = _check(exported, reference.name, loaded, options, report)
    for number, variant in enumerate(others):
        report(f"exporting {variant.name}", number / len(others))
        exported.files[variant.name] = export_variant(architecture, variant, vocabularies, folder)
    return exported


def read_texts() -> list[str]:
    """Read the texts that variants are compared on: news, letters, notes and logs, of the project's own writing."""
    file = resources.files("briefd_build.generative") / _PROMPTS
    return file.read_text(encoding="utf-8").splitlines()


def choose_context(source: ModelSource, asked_tokens: int | None) -> int:
    """Choose how many tokens the bundle reads and writes.

    Raises:
        BuildError: more are asked for than the model reads.

    """
    known = source.context_tokens
    if asked_tokens is None:
        return min(known or MOST_DEFAULT_CONTEXT_TOKENS, MOST_DEFAULT_CONTEXT_TOKENS)
    # T5 knows positions by their distance alone: what its configuration names is no limit.
    if known is not None and asked_tokens > known and source.family != "t5":
        raise BuildError(f"{source.name} reads {known} tokens at most; ask for a --context of no more")
    return asked_tokens


def make_prompts(prepared: Prepared, texts: Sequence[str]) -> list[Prompt]:
    """Make prompts of texts, of as many words of each as fit into the context.

    Raises:
        BuildError: there is no room for any text.

    """
    # Making prompts changes the tokenizer.
    tokenizer = Tokenizer.from_str(prepared.loaded.tokenizer.to_str())
    maker = PromptMaker(tokenizer, prepared.template, is_encoder_decoder=prepared.is_encoder_decoder)
    try:
        if prepared.is_encoder_decoder:
            room = maker.room(prepared.context_tokens, 0)
        else:
            room = text_room(maker, prepared.context_tokens, MOST_DRAFT_TOKENS, MAX_WORD_COUNT)
    except ValueError as error:
        raise BuildError(f"{prepared.name} reads too little: {error}") from error
    start_ids = find_start_ids(prepared.loaded.model)
    encoded = [_encode(maker, text, room) for text in texts]
    return [Prompt(each, start_ids or each) for each in encoded]


def _read_vocabulary(prepared: Prepared) -> Vocabulary:
    model, tokenizer, end_ids = prepared.loaded
    try:
        return Vocabulary(tokenizer, end_ids, model.config.vocab_size)
    except VocabularyError as error:
        raise BuildError(f"the tokenizer of {prepared.name} will not do: {error}") from error


def _begin(prepared: Prepared, folder: Path) -> Exported:
    model = prepared.loaded.model
    return Exported(
        folder,
        {},
        prepared.template,
        prepared.context_tokens,
        model.config.vocab_size,
        prepared.loaded.end_ids,
        find_start_ids(model),
        make_prompts(prepared, read_texts()),
    )


def _encode(maker: PromptMaker, text: str, room: int) -> list[int]:
    """Encode a text, without its last words where it does not fit."""
    words = text.split()
    while words and maker.count(" ".join(words)) > room:
        del words[-_WORDS_SHORTER:]
    return [*maker.prefix_ids, *maker.encode(" ".join(words))]


def _check(
    exported: Exported, reference: str, loaded: LoadedModel, options: Options, report: Callable[[str, float], None]
) -> Exported:
    """Let float32 write, and compare that with transformers."""
    session = exported.open(reference, Threads(options.thread_count, options.thread_count))
    written = []
    for number, prompt in enumerate(exported.prompts):
        report("comparing with transformers", number / len(exported.prompts))
        written.append(write_greedily(session, prompt, _MOST_WRITTEN_TOKENS, exported.end_ids))
    parity = check_parity(loaded.model, exported.prompts, written)
    return dataclasses.replace(exported, written=written, parity=parity)
