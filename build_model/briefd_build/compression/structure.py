"""What surgery a network has had, as JSON, and the same surgery on a network that is to take its weights."""

from __future__ import annotations

from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any

from torch import nn

from briefd_build.compression.anatomy import Shape
from briefd_build.compression.factored import FactoredLinear, LinearLayer, matrix_of, put_module
from briefd_build.compression.structured import reshape
from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from briefd_build.compression.anatomy import Anatomy


def describe(network: nn.Module, anatomy: Anatomy | None) -> dict[str, Any]:
    """Describe the shape of a network that stages changed.

    Args:
        network: the whole of it.
        anatomy: of the part of it that structured pruning knows.

    Returns:
        JSON for `rebuild`: `shape` (a `Shape`) and `vocabulary` (rows), both None without an anatomy; and `factored`,
        the rank of every factored layer by its path.
    """
    layers = ((path, module) for path, module in network.named_modules() if isinstance(module, FactoredLinear))
    return {
        "shape": None if anatomy is None else asdict(anatomy.shape),
        "vocabulary": None if anatomy is None else anatomy.row_count,
        "factored": {path: module.rank for path, module in layers},
    }


def rebuild(network: nn.Module, anatomy: Anatomy | None, description: dict[str, Any]) -> None:
    """Give a network as it was before any stage the described shape, in place; its weights are then without meaning.

    Raises:
        BuildError: it is not the network that was described.
    """
    try:
        if anatomy is not None:
            _reshape(anatomy, description)
        for path, rank in description["factored"].items():
            _factor(network, path, rank)
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise BuildError("the saved model is not of the network that the recipe names; start the run anew") from error


def _reshape(anatomy: Anatomy, description: dict[str, Any]) -> None:
    shape, rows = Shape(**description["shape"]), description["vocabulary"]
    if any(asked > present for asked, present in zip(astuple(shape), astuple(anatomy.shape), strict=True)):
        raise TypeError("a network only gets smaller")
    if shape != anatomy.shape:
        reshape(anatomy, shape)
    if rows != anatomy.row_count:
        anatomy.keep_rows(range(rows))


def _factor(network: nn.Module, path: str, rank: int) -> None:
    layer = network.get_submodule(path)
    if isinstance(layer, FactoredLinear) and layer.rank == rank:
        return
    if not isinstance(layer, LinearLayer):
        raise TypeError(f"{path} is no linear layer")
    outputs, inputs = matrix_of(layer).shape
    put_module(network, path, FactoredLinear(inputs, rank, outputs, bias=layer.bias is not None))
