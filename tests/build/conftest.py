"""What the builder's tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from tiny_corpus import write_encoder

from briefd_build.base_model import BaseModel, find_base

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Keep PyTorch to one thread: on a busy machine the others would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    """Give a random encoder of two narrow layers."""
    directory = tmp_path_factory.mktemp("base")
    write_encoder(directory)
    return find_base(str(directory))
