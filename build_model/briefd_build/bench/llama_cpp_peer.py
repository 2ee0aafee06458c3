"""llama.cpp, through the low-level functions of llama-cpp-python."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from briefd_build.bench.contender import AbsentError, LoadedModel, StepwiseModel, import_peer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Prompt and new tokens of the bench fit; llama.cpp's attention costs what is used, not this.
_CONTEXT_TOKENS = 256
# LLAMA_FLASH_ATTN_TYPE_ENABLED: measured on 2 AVX-512 cores, pythia-70m's shape, Q8_0: a prompt of 128 tokens takes 32
# ms with it and 40 without, a token 2.1 ms either way.
_FLASH_ATTENTION = 1


@dataclass(frozen=True)
class LlamaCpp:
    """llama.cpp with weights of a `form`: "F32", "Q8_0" or "Q4_0"; its files are written to `work`."""

    directory: Path
    work: Path
    form: str
    note: ClassVar[str] = (
        "llama_decode and an arg-max, flash attention, repacked weights, float16 cache; F32 is the file that the "
        "others are quantized from, and its agreement proves the conversion; by llama_model_quantize's defaults the "
        "output layer of Q4_0 is Q6_K"
    )

    @property
    def name(self) -> str:
        """See `Contender`."""
        return f"llama.cpp {self.form}"

    def prepare(self) -> None:
        """See `Contender`."""
        llama = import_peer("llama_cpp", "llama-cpp-python")
        _silence(llama)
        source = self._file("F32")
        if not source.exists():
            from briefd_build.bench.gguf_file import write_gguf  # noqa: PLC0415 - loads torch

            write_gguf(self.directory, source)
        if self.form != "F32":
            self._quantize(llama, source)

    def load(self, thread_count: int) -> LoadedModel:
        """See `Contender`."""
        llama = import_peer("llama_cpp", "llama-cpp-python")
        _silence(llama)
        return StepwiseModel(_Context(llama, self._file(self.form), thread_count))

    def _file(self, form: str) -> Path:
        return self.work / f"{form}.gguf"

    def _quantize(self, llama: Any, source: Path) -> None:
        params = llama.llama_model_quantize_default_params()
        params.ftype = getattr(llama, f"LLAMA_FTYPE_MOSTLY_{self.form}")
        target = str(self._file(self.form)).encode()
        if llama.llama_model_quantize(str(source).encode(), target, ctypes.byref(params)):
            raise AbsentError(f"llama.cpp can't quantize this model to {self.form}")


class _Context:
    """Implements `Stepper` with a context of llama.cpp."""

    def __init__(self, llama: Any, path: Path, thread_count: int) -> None:
        self._llama = llama
        llama.llama_backend_init()
        self._model = llama.llama_model_load_from_file(str(path).encode(), llama.llama_model_default_params())
        if not self._model:
            raise AbsentError(f"llama.cpp can't load {path.name}")
        params = llama.llama_context_default_params()
        params.n_ctx = _CONTEXT_TOKENS
        params.n_threads = params.n_threads_batch = thread_count
        params.flash_attn_type = _FLASH_ATTENTION
        self._context = llama.llama_init_from_model(self._model, params)
        if not self._context:
            raise AbsentError("llama.cpp can't make a context of this model")
        self._vocabulary_size = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(self._model))

    def begin(self, prompt_ids: Sequence[int]) -> int:
        """See `Stepper`."""
        memory = self._llama.llama_get_memory(self._context)
        self._llama.llama_memory_seq_rm(memory, -1, 0, -1)
        return self._read(prompt_ids)

    def step(self, token_id: int) -> int:
        """See `Stepper`."""
        return self._read([token_id])

    def _read(self, token_ids: Sequence[int]) -> int:
        import numpy as np  # noqa: PLC0415 - kept out of the parent

        batch = (self._llama.llama_token * len(token_ids))(*token_ids)
        if self._llama.llama_decode(self._context, self._llama.llama_batch_get_one(batch, len(token_ids))):
            raise RuntimeError("llama_decode failed")
        logits = self._llama.llama_get_logits_ith(self._context, -1)
        return int(np.ctypeslib.as_array(logits, shape=(self._vocabulary_size,)).argmax())


def _silence(llama: Any) -> None:
    """Keep llama.cpp from writing its log to standard error."""
    llama.llama_log_set(_ignore_log(llama), None)


_KEPT: list[Any] = []  # llama.cpp calls it until the process ends


def _ignore_log(llama: Any) -> Any:
    if not _KEPT:
        _KEPT.append(llama.llama_log_callback(lambda _level, _text, _data: None))
    return _KEPT[0]
