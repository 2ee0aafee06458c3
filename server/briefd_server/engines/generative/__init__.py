"""The generative engine: a small language model writes a sentence of its own, held to the length while it decodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.base import MAX_WORD_COUNT
from briefd_server.engines.generative.engine import GenerativeEngine, text_room
from briefd_server.engines.generative.parameters import read_parameters
from briefd_server.engines.generative.prompt import Prompt
from briefd_server.engines.generative.ranking import DefaultBundleRanker
from briefd_server.engines.generative.selecting import Selector
from briefd_server.engines.generative.session import GraphFiles, ModelSession, Threads
from briefd_server.engines.generative.vocabulary import Vocabulary, VocabularyError
from briefd_server.engines.tokenizer_files import load_tokenizer
from briefd_server.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

    from briefd_server.bundle import Bundle
    from briefd_server.engines.generative.parameters import GraphNames, Parameters


def load(bundle: Bundle, variant: str, thread_count: int) -> GenerativeEngine:
    """Load a variant of a bundle.

    Raises:
        BundleError: the bundle's files or parameters are not what this engine needs.

    """
    manifest = bundle.manifest
    parameters = read_parameters(manifest)
    try:
        tokenizer = load_tokenizer(bundle, variant)
        vocabulary = Vocabulary(tokenizer, parameters.end_ids, parameters.vocabulary_size)
        session = open_model(bundle.directory, parameters, variant, vocabulary, thread_count)
        session.try_out()
        prompt = Prompt(tokenizer, parameters.template, is_encoder_decoder=session.is_encoder_decoder)
    except VocabularyError as error:
        raise BundleError(f"bundle {manifest.name}: {error}") from None
    except Exception as error:  # tokenizers and onnxruntime raise bare exceptions for a file that is not theirs
        raise BundleError(f"bundle {manifest.name}: its {variant} model can't be loaded; rebuild it") from error
    try:
        if session.is_encoder_decoder:
            prompt.room(parameters.context_tokens, 0)
        else:
            text_room(prompt, parameters.context_tokens, parameters.draft_tokens, MAX_WORD_COUNT)
    except ValueError as error:
        raise BundleError(f"bundle {manifest.name}: {error}") from None
    selector = Selector(prompt, DefaultBundleRanker(thread_count))
    return GenerativeEngine(session, vocabulary, prompt, selector, parameters, manifest.language, thread_count)


def open_model(
    directory: Path, parameters: Parameters, variant: str, vocabulary: Vocabulary, thread_count: int
) -> ModelSession:
    """Open the graphs of a variant, without an engine around them.

    Raises:
        KeyError: there is no such variant.
        onnxruntime's errors where a file is not such a graph.

    """
    threads = Threads(thread_count, min(thread_count, parameters.decode_threads))
    files = _find_graphs(directory, parameters.graphs[variant])
    return ModelSession(files, vocabulary.kinds, parameters.context_tokens, threads)


def _find_graphs(directory: Path, names: GraphNames) -> GraphFiles:
    return GraphFiles(
        decode=directory / names.decode,
        prefill=directory / names.prefill if names.prefill else None,
        encode=directory / names.encode if names.encode else None,
        rows=directory / names.rows if names.rows else None,
    )
