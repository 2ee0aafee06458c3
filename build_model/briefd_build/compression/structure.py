"""What surgery a network has had, as JSON, and the same surgery on a network that is to take its weights."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from torch import nn

from briefd_build.compression.factored import FactoredLinear, LinearLayer, matrix_of, put_module
from briefd_build.compression.structured import EncoderShape, reshape, shape_of
from briefd_build.compression.vocabulary import keep_vocabulary_rows
from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from transformers import BertModel


def describe(network: nn.Module, bert: BertModel | None) -> dict[str, Any]:
    """Describe the shape of a network that stages changed.

    Args:
        network: the whole of it.
        bert: the part of it that structured pruning knows.

    Returns:
        JSON for `rebuild`: `encoder` (an `EncoderShape`) and `vocabulary` (rows), both None without `bert`; and
        `factored`, the rank of every factored layer by its path.
    """
    layers = ((path, module) for path, module in network.named_modules() if isinstance(module, FactoredLinear))
    return {
        "encoder": None if bert is None else asdict(shape_of(bert)),
        "vocabulary": None if bert is None else bert.embeddings.word_embeddings.num_embeddings,
        "factored": {path: module.rank for path, module in layers},
    }


def rebuild(network: nn.Module, bert: BertModel | None, description: dict[str, Any]) -> None:
    """Give a network as it was before any stage the described shape, in place; its weights are then without meaning.

    Raises:
        BuildError: it is not the network that was described.
    """
    try:
        if bert is not None:
            _rebuild_encoder(bert, description)
        for path, rank in description["factored"].items():
            _factor(network, path, rank)
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise BuildError("the saved model is not of the network that the recipe names; start the run anew") from error


def _rebuild_encoder(bert: BertModel, description: dict[str, Any]) -> None:
    shape, rows = EncoderShape(**description["encoder"]), description["vocabulary"]
    if shape != shape_of(bert):
        reshape(bert, shape)
    if shape != shape_of(bert):
        raise TypeError("an encoder only gets smaller")
    if rows != bert.embeddings.word_embeddings.num_embeddings:
        keep_vocabulary_rows(bert, range(rows))


def _factor(network: nn.Module, path: str, rank: int) -> None:
    layer = network.get_submodule(path)
    if isinstance(layer, FactoredLinear) and layer.rank == rank:
        return
    if not isinstance(layer, LinearLayer):
        raise TypeError(f"{path} is no linear layer")
    outputs, inputs = matrix_of(layer).shape
    put_module(network, path, FactoredLinear(inputs, rank, outputs, bias=layer.bias is not None))
