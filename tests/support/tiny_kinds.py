"""Kinds of tiny language models, their weights at chance, and what stages change of them by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
from tiny_corpus import write_corpus
from tiny_models import CORPUS, make_tiny_model
from torch import nn
from transformers.pytorch_utils import Conv1D

from briefd_build.compression.factored import FactoredLinear, matrix_of, put_module
from briefd_build.generative.kind import GenerativeKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from briefd_build.pipeline.model import Model

RANK = 12
CONTEXT = {"gpt2": {"n_positions": 1024}, "t5": {}}


def make_kind(tmp_path: Path, family: str = "gpt_neox", **tables: dict[str, Any]) -> GenerativeKind:
    source = make_tiny_model(family, tmp_path / family, **CONTEXT.get(family, {"max_position_embeddings": 1024}))
    model = {"source": str(source), "shortlist_size": 150} | tables.get("model", {})
    evaluation = {"threads": 1} | tables.get("evaluation", {})

    def find_data() -> Path:
        if not (tmp_path / "data").exists():
            write_corpus(tmp_path / "data")
        return tmp_path / "data"

    return GenerativeKind(model, tables.get("data", {}), evaluation, find_data)


def open_model(kind: GenerativeKind, tmp_path: Path, family: str = "gpt_neox") -> Model:
    """Open a model, and spread its weights so that no two tokens score alike (see `test_language_model_export`)."""
    model = kind.open(str(tmp_path / family))
    width = 0.05 if family == "t5" else 0.2
    with torch.random.fork_rng():
        torch.manual_seed(7)
        for parameter in model.network.parameters():
            parameter.data += width * torch.randn_like(parameter)
    return model


def factor(model: Model, is_wanted: Callable[[str], bool]) -> int:
    """Replace linear layers by two thinner ones, as the best approximation has them; tells how many."""
    layers = [
        (path, module)
        for path, module in model.network.named_modules()
        if isinstance(module, nn.Linear | Conv1D) and is_wanted(path)
    ]
    for path, layer in layers:
        outputs, inputs = matrix_of(layer).shape
        thin = FactoredLinear(inputs, RANK, outputs, bias=layer.bias is not None)
        left, values, right = torch.linalg.svd(matrix_of(layer).detach(), full_matrices=False)
        thin[0].weight.data, thin[1].weight.data = right[:RANK], left[:, :RANK] * values[:RANK]
        if layer.bias is not None:
            thin[1].bias.data = layer.bias.data
        put_module(model.network, path, thin)
    return len(layers)


@torch.no_grad()
def logits(model: Model) -> torch.Tensor:
    ids = torch.tensor([model.tokenizer.encode(CORPUS[0], add_special_tokens=False).ids])
    inputs = {"input_ids": ids}
    if model.network.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = ids[:, :5]
    result: torch.Tensor = model.network(**inputs).logits
    return result


def write_pairs(tmp_path: Path) -> dict[str, Any]:
    lines = [json.dumps({"text": text, "summary": " ".join(text.split()[:4]) + "."}) for text in CORPUS[:8]]
    (tmp_path / "pairs.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return {"pairs": str(tmp_path / "pairs.jsonl"), "batch_pairs": 4}
