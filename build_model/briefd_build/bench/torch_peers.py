"""The peers that run in PyTorch: transformers in float32, and PyTorch's own dynamic INT8."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from briefd_build.bench.contender import AbsentError, Generation, LoadedModel, StepwiseModel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import torch


@dataclass(frozen=True)
class TransformersFloat32:
    """The reference of agreement: float32 weights, `generate` with its key/value cache."""

    directory: Path
    name: ClassVar[str] = "transformers float32"
    note: ClassVar[str] = "model.generate with its cache, scaled-dot-product attention"

    def prepare(self) -> None:
        """Do nothing: it reads the model's own files."""

    def load(self, thread_count: int) -> LoadedModel:
        """See `Contender`."""
        return _Generating(load_float32(self.directory, thread_count))


@dataclass(frozen=True)
class PytorchInt8:
    """PyTorch's dynamic quantization of every linear layer, in a loop of our own around the model's cache."""

    directory: Path
    name: ClassVar[str] = "PyTorch dynamic INT8"
    note: ClassVar[str] = (
        "torch.ao.quantization.quantize_dynamic on all linear layers; a bare loop with the cache, as fast as "
        "generate; its peak memory holds the float32 weights that it quantizes at start"
    )

    def prepare(self) -> None:
        """Do nothing: it quantizes when it loads."""

    def load(self, thread_count: int) -> LoadedModel:
        """See `Contender`."""
        import torch  # noqa: PLC0415 - only the child that runs it should hold it

        try:
            from torch.ao.quantization import quantize_dynamic  # noqa: PLC0415 - likewise
        except ImportError as error:
            raise AbsentError(f"PyTorch {torch.__version__} has no torch.ao.quantization.quantize_dynamic") from error
        model = load_float32(self.directory, thread_count)
        _use_linear_layers(model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is deprecated: what people use today is measured nevertheless
            quantized = quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8, inplace=True)
        return StepwiseModel(_CachedSteps(quantized))


def load_float32(directory: Path, thread_count: int) -> Any:
    """Load a causal model in float32, to run on that many threads."""
    import torch  # noqa: PLC0415 - kept out of the parent and of the other children
    from transformers import AutoModelForCausalLM  # noqa: PLC0415 - likewise

    from briefd_build.hugging_face import quiet_libraries  # noqa: PLC0415 - likewise

    torch.set_num_threads(thread_count)
    quiet_libraries()
    return AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()


class _Generating:
    """Writes with `generate`."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def generate(self, prompt_ids: Sequence[int], count: int) -> Generation:
        """See `LoadedModel`."""
        import torch  # noqa: PLC0415 - in memory since the model was loaded
        from transformers import GenerationConfig  # noqa: PLC0415 - likewise

        # Without a token that ends a text nothing ends early.
        config = GenerationConfig(max_new_tokens=count, do_sample=False, eos_token_id=None, pad_token_id=0)
        clock = _TokenClock()
        prompt = torch.tensor([prompt_ids])
        start = time.perf_counter()
        with torch.inference_mode():
            output = self._model.generate(
                prompt, attention_mask=torch.ones_like(prompt), generation_config=config, streamer=clock
            )
        end = time.perf_counter()
        return Generation(output[0, len(prompt_ids) :].tolist(), clock.first_token - start, end - start)

    def predict(self, prompt_ids: Sequence[int], continuation_ids: Sequence[int]) -> list[int]:
        """See `LoadedModel`."""
        import torch  # noqa: PLC0415 - in memory since the model was loaded

        read = torch.tensor([[*prompt_ids, *continuation_ids[:-1]]])
        with torch.inference_mode():
            logits = self._model(input_ids=read, use_cache=False, logits_to_keep=len(continuation_ids)).logits
        return [int(token_id) for token_id in logits[0].argmax(-1)]


class _TokenClock:
    """Takes the time of the first new token, as a streamer of `generate`."""

    def __init__(self) -> None:
        self.first_token = 0.0
        self._is_prompt = True

    def put(self, _token_ids: torch.Tensor) -> None:
        """Take the prompt, then each token."""
        if not self._is_prompt:
            self.first_token = self.first_token or time.perf_counter()
        self._is_prompt = False

    def end(self) -> None:
        """Take the end."""


class _CachedSteps:
    """Implements `Stepper` with the model's forward pass and cache."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._cache: Any = None

    def begin(self, prompt_ids: Sequence[int]) -> int:
        """See `Stepper`."""
        self._cache = None
        return self._read(prompt_ids)

    def step(self, token_id: int) -> int:
        """See `Stepper`."""
        return self._read([token_id])

    def _read(self, token_ids: Sequence[int]) -> int:
        import torch  # noqa: PLC0415 - in memory since the model was loaded

        with torch.inference_mode():
            output = self._model(
                input_ids=torch.tensor([token_ids]), past_key_values=self._cache, use_cache=True, logits_to_keep=1
            )
        self._cache = output.past_key_values
        return int(output.logits[0, -1].argmax())


def _use_linear_layers(model: Any) -> None:
    """Put linear layers in place of GPT-2's `Conv1D`: the same product under a name that PyTorch quantizes."""
    import torch  # noqa: PLC0415 - in memory since the model was loaded
    from transformers.pytorch_utils import Conv1D  # noqa: PLC0415 - likewise

    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, Conv1D):
                linear = torch.nn.Linear(*layer.weight.shape)
                linear.weight.data, linear.bias.data = layer.weight.data.T.contiguous(), layer.bias.data
                setattr(parent, name, linear)
