"""Writing what was learned as an ordinary Hugging Face directory, with the record of how it was made."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from briefd_build.errors import BuildError
from briefd_build.generative.card import UNKNOWN_LICENSE
from briefd_build.generative.replacing import check_makeable
from briefd_build.templates import TEMPLATE_NAME, write_template

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

    from briefd_build.finetuning.training import Evaluation
    from briefd_build.generative.source import ModelSource
    from briefd_server.engines.generative.prompt import Template

RECORD_NAME = "finetune.json"
_TOKENIZER = "tokenizer.json"
# What besides tokenizer.json says how a tokenizer is used, in this and in older layouts.
_TOKENIZER_FILES = (
    *("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja"),
    *("vocab.json", "merges.txt", "tokenizer.model", "spiece.model"),
)


@dataclass(frozen=True)
class Record:
    """What a fine-tuning did.

    Attributes:
        made_by: what decides the result: the model's, the pairs' and the template's content, and the settings.
        model_name: the model as it was asked for.
        pairs: pairs trained on.
        held_out_pairs: pairs measured on.
        shortened_texts: texts of both that were too long.
        context_tokens: the most tokens of an example.
        evaluations: the held-out losses, in nats a token of the summaries, from before the first step on.
    """

    made_by: dict[str, Any]
    model_name: str
    pairs: int
    held_out_pairs: int
    shortened_texts: int
    context_tokens: int
    evaluations: Sequence[Evaluation]

    def to_json(self) -> dict[str, Any]:
        """Give what is written to `finetune.json`."""
        return asdict(self) | {"evaluations": [each._asdict() for each in self.evaluations]}


def check_directory(directory: Path, made_by: dict[str, Any]) -> bool:
    """Tell whether a directory already is what a fine-tuning would write there.

    Raises:
        BuildError: it holds something else, or can't be made.

    """
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        check_makeable(directory)
        return False
    if _read_made_by(directory) == json.loads(json.dumps(made_by)):
        return True
    raise BuildError(f"{directory} holds something else already; name another --out or remove it")


def _read_made_by(directory: Path) -> Any:
    try:
        return json.loads((directory / RECORD_NAME).read_text(encoding="utf-8"))["made_by"]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def write_model(
    directory: Path,
    model: PreTrainedModel,
    tokenizer: Tokenizer,
    source: ModelSource,
    template: Template,
    record: Record,
) -> None:
    """Write a model's directory, whole or not at all: float32 weights, configuration, tokenizer, template, record."""
    partial = directory.with_name(f"{directory.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        model.save_pretrained(partial)
        _write_tokenizer(partial, tokenizer, source)
        (partial / TEMPLATE_NAME).write_text(write_template(template), encoding="utf-8")
        (partial / RECORD_NAME).write_text(json.dumps(record.to_json(), indent=2) + "\n", encoding="utf-8")
        (partial / "README.md").write_text(_write_card(source, record), encoding="utf-8")
        partial.replace(directory)  # which is missing or empty
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_tokenizer(directory: Path, tokenizer: Tokenizer, source: ModelSource) -> None:
    """Copy the model's tokenizer; one without a `tokenizer.json` gets one."""
    for name in _TOKENIZER_FILES:
        if (source.directory / name).is_file():
            shutil.copyfile(source.directory / name, directory / name)
    tokenizer.save(str(directory / _TOKENIZER))


def _write_card(source: ModelSource, record: Record) -> str:
    license_line = "" if source.license == UNKNOWN_LICENSE else f"license: {json.dumps(source.license)}\n"
    first, last = record.evaluations[0], record.evaluations[-1]
    return f"""---
{license_line}language: {source.language}
base_model: {json.dumps(source.name)}
library_name: transformers
---

{source.name}, fine-tuned by `brief-build finetune` on {record.pairs:,} pairs of texts and one-sentence summaries.

Its prompt is in `{TEMPLATE_NAME}`, how it was made in `{RECORD_NAME}`. Held-out loss, in nats a token of the summaries:
{first.loss:.3f} before, {last.loss:.3f} after {last.step:,} steps.
"""
