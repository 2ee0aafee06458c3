"""Chance in a stage: the same for the same recipe, whether a run was interrupted before the stage or not."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import torch


def stage_seed(seed: int, name: str) -> int:
    """Give a stage its own seed, from 0 to 2^32 - 1: by the recipe's seed and the stage's name."""
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:4], "big")


def seed_everything(seed: int) -> None:
    """Seed PyTorch, numpy and random, from which stages and libraries draw."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
