"""A model in a folder: its weights, its tokenizer, and what its shape, form and facts are."""

from __future__ import annotations

from dataclasses import asdict
from enum import Enum
from typing import TYPE_CHECKING, Any

from briefd_build.compression.structure import describe, rebuild
from briefd_build.folder import BuildFolder
from briefd_build.hugging_face import open_tokenizer
from briefd_build.pipeline.model import Form, Model
from briefd_build.pipeline.parsing import build

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from torch import nn

    from briefd_build.compression.anatomy import Anatomy

_WEIGHTS, _TOKENIZER, _RECORD = "weights.safetensors", "tokenizer.json", "model.json"


def write_snapshot(model: Model, anatomy: Anatomy, folder: Path) -> None:
    """Write a model to a folder that is there; the anatomy is its network's."""
    files = BuildFolder(folder)
    weights = {name: tensor.detach().contiguous() for name, tensor in model.network.state_dict().items()}
    files.write_weights(_WEIGHTS, weights)
    files.write_text(_TOKENIZER, model.tokenizer.to_str())
    files.write_json(
        _RECORD,
        {"structure": describe(model.network, anatomy), "form": form_to_json(model.form), "facts": model.facts},
    )


def read_snapshot(folder: Path, make: Callable[[Mapping[str, Any]], tuple[nn.Module, Anatomy]]) -> Model:
    """Read what `write_snapshot` wrote.

    Args:
        folder: it is in.
        make: makes a network of the facts, as it was before any stage, and tells its anatomy.

    Raises:
        BuildError: the network is not the one that was saved.
    """
    files = BuildFolder(folder)
    record = files.read_json(_RECORD)
    network, anatomy = make(record["facts"])
    rebuild(network, anatomy, record["structure"])
    network.load_state_dict(files.read_weights(_WEIGHTS))
    form = build(Form, record["form"], f"{_RECORD}: form")
    return Model(network.eval(), open_tokenizer(folder / _TOKENIZER), form, record["facts"])


def form_to_json(form: Form) -> dict[str, Any]:
    """Tell a form as `parsing.build` reads it."""
    return asdict(form, dict_factory=_to_table)


def _to_table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a table as TOML has them: what is None is absent."""
    return {key: value.value if isinstance(value, Enum) else value for key, value in pairs if value is not None}
