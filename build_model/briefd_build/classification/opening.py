"""Opening a classifier: a BERT-style encoder with a head for the labels, its own where it has one that fits."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, cast

import torch
from transformers import BertForSequenceClassification

from briefd_build.base_model import find_base
from briefd_build.encoder.network import PAD_PIECE_ID
from briefd_build.errors import BuildError
from briefd_build.hugging_face import quiet_libraries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer

    from briefd_build.base_model import BaseModel

_UNNAMED = re.compile(r"LABEL_\d+")
# A new head is the same one at every opening, whatever was random before.
_HEAD_SEED = 1


def open_classifier(
    source: str, labels: Sequence[str], window_pieces: int
) -> tuple[BertForSequenceClassification, Tokenizer, list[str], BaseModel]:
    """Open a classifier, or an encoder under a new head.

    The head is kept where the model has one for as many labels, of the same names or of none; a model whose labels are
    others gets a new one.

    Args:
        source: a directory or a hub name.
        labels: the data's.
        window_pieces: pieces that it must be able to read at once.

    Returns:
        The network, its tokenizer, the labels in the order of its outputs, and where it was found.

    Raises:
        BuildError: it can't be had, or is no BERT.
    """
    base = find_base(source)
    config = _read_config(base, window_pieces)
    names = _names(config)
    keeps_head = names is not None and _fits(names, labels)
    ordered = list(names) if names is not None and set(names) == set(labels) else list(labels)
    network = _load(base, ordered, keeps_head=keeps_head)
    tokenizer = base.load_tokenizer()
    if tokenizer.token_to_id("[PAD]") != PAD_PIECE_ID:
        raise BuildError(f"the vocabulary of {source} does not begin with [PAD]; name another model")
    return network, tokenizer, ordered, base


def _read_config(base: BaseModel, window_pieces: int) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((base.directory / "config.json").read_text(encoding="utf-8"))
        model_type, positions = config["model_type"], int(config["max_position_embeddings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BuildError(f"the config.json of {base.name} is damaged; fetch the model again") from error
    if model_type != "bert":
        raise BuildError(f"{base.name} is a {model_type} model, and a classifier is made of a BERT; name one")
    if window_pieces > positions:
        raise BuildError(f"{base.name} reads {positions} pieces at most; lower model.window_pieces to that")
    return config


def _names(config: dict[str, Any]) -> list[str] | None:
    """Names of the outputs of a model that has a head already."""
    if "BertForSequenceClassification" not in (config.get("architectures") or []):
        return None
    by_number = config.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}
    return [str(name) for _, name in sorted(by_number.items(), key=lambda entry: int(entry[0]))]


def _fits(names: Sequence[str], labels: Sequence[str]) -> bool:
    return set(names) == set(labels) or (len(names) == len(labels) and all(map(_UNNAMED.fullmatch, names)))


def _load(base: BaseModel, labels: Sequence[str], *, keeps_head: bool) -> BertForSequenceClassification:
    """Load the weights, float32; without dropout on the attention weights, as `BaseModel.load_encoder`."""
    quiet_libraries()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_HEAD_SEED)
        network = BertForSequenceClassification.from_pretrained(
            base.directory,
            num_labels=len(labels),
            attention_probs_dropout_prob=0.0,
            ignore_mismatched_sizes=True,
            dtype=torch.float32,
        )
        if not keeps_head:
            network.classifier.reset_parameters()
    return cast("BertForSequenceClassification", network.eval())
