"""What a bundle's call computes and reads: run once with all its sessions profiled, in a process of its own."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from briefd_build.measures.metered import load_answering
from briefd_build.measures.operations import Operation, Work, count_work, read_profile
from briefd_server.bundle import read_bundle
from briefd_server.threads import bound_thread_pools

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from briefd_server.bundle import Bundle

_GENERATIVE = "generative"


@dataclass(frozen=True)
class CountedBundle:
    """A variant of the bundle in `directory`, to be run once with its sessions profiled."""

    directory: Path
    variant: str

    def load(self, thread_count: int) -> CountedBundle:  # noqa: ARG002 - what is counted depends on none
        """Do nothing yet: see `count`."""
        bound_thread_pools(os.environ)
        return self

    def count(self, text: str) -> Work:
        """Count what a call on a text computes and reads; of a generative bundle, reading the prompt and one token.

        How much more a generative bundle writes depends on what it writes, and tells nothing of its form.
        """
        bundle = read_bundle(self.directory)
        with tempfile.TemporaryDirectory() as folder:
            log = RunLog(Path(folder))
            with log.recording():
                call = _load_call(bundle, self.variant)
                # Some engines try their graphs out when they are loaded.
                log.forget()
                call(text)
            return count_work(log.runs())


class RunLog:
    """The runs of every session that is opened while it is recording, whoever opens it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sessions: list[Any] = []
        self._order: list[int] = []
        self._first = 0

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Have all sessions of this process profiled; engines open theirs themselves."""
        import onnxruntime  # noqa: PLC0415 - in a process that only counts

        log, plain = self, onnxruntime.InferenceSession

        class ProfiledSession(plain):  # type: ignore[misc, valid-type] # onnxruntime has no types
            def __init__(self, model: str, options: Any, **others: Any) -> None:
                self._number = len(log._sessions)
                options.enable_profiling = True
                options.profile_file_prefix = str(log._folder / str(self._number))
                # Weights that a kernel has put into its own order are not told.
                options.add_session_config_entry("session.disable_prepacking", "1")
                super().__init__(model, options, **others)
                log._sessions.append(self)

            def run(self, *arguments: Any, **others: Any) -> Any:
                log._order.append(self._number)
                return super().run(*arguments, **others)

            def run_with_iobinding(self, *arguments: Any, **others: Any) -> Any:
                log._order.append(self._number)
                return super().run_with_iobinding(*arguments, **others)

        onnxruntime.InferenceSession = ProfiledSession
        try:
            yield
        finally:
            onnxruntime.InferenceSession = plain

    def forget(self) -> None:
        """Leave out the runs until now."""
        self._first = len(self._order)

    def runs(self) -> list[list[Operation]]:
        """Give the operators of each run, in the order of the runs; ends the profiling."""
        profiles = [iter(read_profile(Path(session.end_profiling()))) for session in self._sessions]
        return [next(profiles[number]) for number in self._order][self._first :]


def _load_call(bundle: Bundle, variant: str) -> Callable[[str], object]:
    if bundle.manifest.engine == _GENERATIVE:
        return _load_first_token(bundle, variant)
    return load_answering(bundle, variant, 1)


def _load_first_token(bundle: Bundle, variant: str) -> Callable[[str], object]:
    """Load a language model without its engine; returns what reads a text's prompt and proposes the first token."""
    from briefd_server.engines.base import UnwatchedCall  # noqa: PLC0415 - in a process that only counts
    from briefd_server.engines.generative import open_model  # noqa: PLC0415 - likewise
    from briefd_server.engines.generative.model import TokenKind  # noqa: PLC0415 - likewise
    from briefd_server.engines.generative.parameters import read_parameters  # noqa: PLC0415 - likewise
    from briefd_server.engines.generative.prompt import Prompt  # noqa: PLC0415 - likewise
    from briefd_server.engines.generative.vocabulary import Vocabulary  # noqa: PLC0415 - likewise
    from briefd_server.engines.tokenizer_files import load_tokenizer  # noqa: PLC0415 - likewise

    parameters = read_parameters(bundle.manifest)
    tokenizer = load_tokenizer(bundle, variant)
    vocabulary = Vocabulary(tokenizer, parameters.end_ids, parameters.vocabulary_size)
    session = open_model(bundle.directory, parameters, variant, vocabulary, 1)
    prompt = Prompt(tokenizer, parameters.template, is_encoder_decoder=session.is_encoder_decoder)

    def read(text: str) -> None:
        ids = [*prompt.prefix_ids, *prompt.encode(text)][: parameters.context_tokens]
        session.begin(UnwatchedCall(), ids)
        session.advance(parameters.start_ids or ids, TokenKind.ANY)

    return read
