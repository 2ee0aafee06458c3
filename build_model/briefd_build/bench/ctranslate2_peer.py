"""CTranslate2 with INT8 weights."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from briefd_build.bench.contender import AbsentError, Generation, LoadedModel, first_line, import_peer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Ctranslate2Int8:
    """CTranslate2's own conversion of the model in `directory`, written to a folder below `work`."""

    directory: Path
    work: Path
    name: ClassVar[str] = "CTranslate2 int8"
    note: ClassVar[str] = "generate_batch, greedy, the prompt read at once; its own converter"

    def prepare(self) -> None:
        """See `Contender`."""
        from briefd_build.hugging_face import quiet_libraries  # noqa: PLC0415 - loads transformers

        converters = import_peer("ctranslate2.converters", "ctranslate2")
        converter = converters.TransformersConverter(str(self.directory))
        quiet_libraries()
        converter.load_model = _load_with_former_names
        try:
            converter.convert(str(self._converted), quantization="int8")
        except Exception as error:  # its converter meets models it does not know with whatever fails first
            raise AbsentError(f"its converter can't take this model: {first_line(error)}") from error

    def load(self, thread_count: int) -> LoadedModel:
        """See `Contender`."""
        ctranslate2 = import_peer("ctranslate2", "ctranslate2")
        generator = ctranslate2.Generator(
            str(self._converted), compute_type="int8", inter_threads=1, intra_threads=thread_count
        )
        tokens = json.loads((self._converted / "vocabulary.json").read_text(encoding="utf-8"))
        return _Generator(generator, tokens)

    @property
    def _converted(self) -> Path:
        return self.work / "ctranslate2"


class _Generator:
    """Writes with CTranslate2's generator, which takes tokens by their texts: `tokens`, one an id."""

    def __init__(self, generator: Any, tokens: list[str]) -> None:
        self._generator = generator
        self._tokens = tokens

    def generate(self, prompt_ids: Sequence[int], count: int) -> Generation:
        """See `LoadedModel`."""
        prompt = [self._tokens[token_id] for token_id in prompt_ids]
        times: list[float] = []

        def take_time(_step: Any) -> bool:
            times.append(time.perf_counter())
            return False

        start = time.perf_counter()
        results = self._generator.generate_batch(
            [prompt],
            max_length=count,
            min_length=count,
            include_prompt_in_result=False,
            callback=take_time,
        )
        end = time.perf_counter()
        return Generation(results[0].sequences_ids[0], times[0] - start, end - start)

    def predict(self, prompt_ids: Sequence[int], continuation_ids: Sequence[int]) -> list[int]:
        """See `LoadedModel`."""
        import numpy as np  # noqa: PLC0415 - kept out of the parent

        read = [self._tokens[token_id] for token_id in (*prompt_ids, *continuation_ids[:-1])]
        logits = np.asarray(self._generator.forward_batch([read]))  # [1, tokens, vocabulary]
        best = logits[0, -len(continuation_ids) :].argmax(-1)
        return [int(token_id) for token_id in best]


def _load_with_former_names(model_class: Any, name_or_path: str, **options: Any) -> Any:
    """Load a model for the converter, which reads GPT-NeoX by names that transformers 5 changed."""
    model = model_class.from_pretrained(name_or_path, **options)
    if model.config.model_type == "gpt_neox":
        model.config.rotary_pct = model.config.rope_parameters["partial_rotary_factor"]
        model.embed_out = model.get_output_embeddings()
    return model
