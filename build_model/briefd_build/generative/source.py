"""The language model that a bundle is made of: found by hub name or in a directory, checked, and loaded."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from safetensors import SafetensorError, safe_open

from briefd_build.errors import BuildError
from briefd_build.generative.card import read_card
from briefd_build.hugging_face import fetch_snapshot, open_tokenizer, quiet_libraries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

CAUSAL_FAMILIES = ("gpt_neox", "gpt2", "llama", "qwen2")
ENCODER_DECODER_FAMILIES = ("t5", "bart")
FAMILIES = (*CAUSAL_FAMILIES, *ENCODER_DECODER_FAMILIES)

_CONFIG, _GENERATION_CONFIG, _TOKENIZER_CONFIG = "config.json", "generation_config.json", "tokenizer_config.json"
_TOKENIZER, _CARD, _TEMPLATE = "tokenizer.json", "README.md", "briefd-template.json"
# Tokenizers from before tokenizer.json: transformers converts them.
_OLD_TOKENIZERS = ("tokenizer.model", "spiece.model", "vocab.json")
_SMALL_FILES = frozenset(
    {
        *(_CONFIG, _GENERATION_CONFIG, _TOKENIZER_CONFIG, _TOKENIZER, _CARD, _TEMPLATE, *_OLD_TOKENIZERS),
        *("merges.txt", "special_tokens_map.json", "added_tokens.json"),
    }
)
_SAFETENSORS = re.compile(r"model(-\d+-of-\d+)?\.safetensors(\.index\.json)?")
_PICKLED = re.compile(r"pytorch_model(-\d+-of-\d+)?\.bin(\.index\.json)?")
_CONTEXT_KEYS = ("max_position_embeddings", "n_positions")
_HASHED_CHUNK_BYTES = 1 << 20
# A weight of a numbered layer: one too many means that the configuration tells of fewer layers than there are.
_LAYER_WEIGHT = re.compile(r"\.\d+\..*weight$")


@dataclass(frozen=True)
class ModelSource:
    """A model on disk, of a supported family and complete, nothing of its weights loaded yet.

    Attributes:
        name: as it was asked for.
        directory: of its files.
        family: one of `FAMILIES`.
        config: the content of its `config.json`.
        weight_files: its weights, all safetensors or all pickled.
        license: what its card says, else `card.UNKNOWN_LICENSE`.
        language: the first that its card names, as BCP 47, else English.
        revision: the hub's commit; None of a directory.
    """

    name: str
    directory: Path
    family: str
    config: Mapping[str, Any]
    weight_files: tuple[Path, ...]
    license: str
    language: str
    revision: str | None

    @property
    def is_encoder_decoder(self) -> bool:
        """Whether an encoder reads the prompt."""
        return self.family in ENCODER_DECODER_FAMILIES

    @property
    def context_tokens(self) -> int | None:
        """The most tokens that the model reads, where its configuration says so."""
        return next((self.config[key] for key in _CONTEXT_KEYS if isinstance(self.config.get(key), int)), None)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the weights' file; of several, of their hexadecimal digests in order of the names."""
        digests = [_hash_file(file) for file in self.weight_files]
        return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()

    def describe(self) -> dict[str, str]:
        """Say what a manifest tells of it."""
        # Where a directory lies is nobody's business.
        name = self.name if self.revision else self.directory.resolve().name
        described = {"name": name, "family": self.family, "weights_sha256": self.sha256, "license": self.license}
        return described | ({"revision": self.revision} if self.revision else {})


class LoadedModel(NamedTuple):
    """A float32 model in evaluation mode.

    Attributes:
        model: of transformers.
        tokenizer: without padding and truncation.
        end_ids: tokens that mean end-of-text.
    """

    model: PreTrainedModel
    tokenizer: Tokenizer
    end_ids: tuple[int, ...]


def accept_any_size(directory: Path, byte_count: int) -> None:
    """Check no disk before a model is fetched."""


def find_model(name_or_directory: str, check_disk: Callable[[Path, int], None] = accept_any_size) -> ModelSource:
    """Find a model in a directory, else on the hub or in its cache.

    Args:
        name_or_directory: a directory, or a name such as `EleutherAI/pythia-70m-deduped`.
        check_disk: told the hub's cache and how many bytes a download will write there; may refuse.

    Raises:
        BuildError: it is not to be had, incomplete, damaged or of an unknown family.

    """
    directory = Path(name_or_directory)
    revision = None
    if not directory.is_dir():
        if directory.is_absolute() or name_or_directory.startswith((".", "~")) or directory.exists():
            raise BuildError(f"{name_or_directory} is not a directory; name one, or a model on the hub")
        directory = fetch_snapshot(name_or_directory, _choose_files, check_disk)
        revision = directory.name
    config = _read_json(directory, _CONFIG)
    family = _check_config(config, name_or_directory)
    weight_files = _find_weights(directory)
    _check_tokenizer_files(directory)
    card = read_card(directory / _CARD)
    return ModelSource(
        name_or_directory, directory, family, config, weight_files, card.license, card.language, revision
    )


def read_shapes(source: ModelSource) -> dict[str, tuple[int, ...]]:
    """Read the shapes of the weights from the headers of their files; of pickled ones nothing can be said.

    Raises:
        BuildError: a file is damaged.

    """
    shapes: dict[str, tuple[int, ...]] = {}
    for file in source.weight_files:
        if file.suffix == ".safetensors":
            try:
                with safe_open(file, framework="numpy") as opened:
                    shapes |= {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118 - it is no mapping
            except (SafetensorError, OSError) as error:
                raise BuildError(_damaged(file)) from error
    return shapes


def load_tokenizer(source: ModelSource) -> Tokenizer:
    """Load the tokenizer, converted where it is of an old form.

    Raises:
        BuildError: it is damaged or can't be converted.

    """
    file = source.directory / _TOKENIZER
    return open_tokenizer(file) if file.is_file() else _convert_tokenizer(source)


def load_model(source: ModelSource) -> LoadedModel:
    """Load the model and its tokenizer.

    Raises:
        BuildError: the weights are damaged or don't fit the configuration, or the tokenizer lacks what is needed.

    """
    quiet_libraries()
    tokenizer = load_tokenizer(source)
    end_ids = find_end_ids(source, tokenizer)
    model = _load_weights(source)
    token_count = max(tokenizer.get_vocab().values(), default=-1) + 1
    if token_count > model.config.vocab_size:
        raise BuildError(
            f"the tokenizer of {source.name} has {token_count} tokens, but the model knows {model.config.vocab_size}; "
            "put the model's own tokenizer beside it"
        )
    return LoadedModel(model.eval(), tokenizer, end_ids)


def find_start_ids(model: PreTrainedModel) -> tuple[int, ...]:
    """Find what a decoder after an encoder reads before it writes; nothing for other models.

    Raises:
        BuildError: the configuration does not say.

    """
    if not model.config.is_encoder_decoder:
        return ()
    settings: Any = model.generation_config
    if settings.decoder_start_token_id is None:
        raise BuildError(
            f"the model does not say what its decoder starts with; put decoder_start_token_id in {_CONFIG}"
        )
    forced = settings.forced_bos_token_id
    return (settings.decoder_start_token_id, *([] if forced is None else [forced]))


def find_end_ids(source: ModelSource, tokenizer: Tokenizer) -> tuple[int, ...]:
    """Find the tokens that mean end-of-text.

    The tokenizer's own, and those of the configurations that are special in the tokenizer: a configuration may name
    numbers that are its class's defaults and belong to another tokenizer.

    Raises:
        BuildError: there is none.

    """
    special = {number for number, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    configured = [
        number
        for config in (source.config, _read_optional_json(source.directory, _GENERATION_CONFIG))
        for number in _as_list(config.get("eos_token_id"))
        if number in special
    ]
    named = read_end_token(source.directory)
    own = tokenizer.token_to_id(named) if named else None
    end_ids = tuple(dict.fromkeys([*([] if own is None else [own]), *configured]))
    if not end_ids:
        raise BuildError(
            f"the tokenizer of {source.name} has no end-of-text token; name it as eos_token in its {_TOKENIZER_CONFIG}"
        )
    return end_ids


def read_end_token(directory: Path) -> str | None:
    """Read which token its tokenizer's configuration names as end-of-text, if any.

    Raises:
        BuildError: the configuration is damaged.

    """
    named = _read_optional_json(directory, _TOKENIZER_CONFIG).get("eos_token")
    # An added token is written out with its options.
    token = named.get("content") if isinstance(named, dict) else named
    return token if isinstance(token, str) else None


def _choose_files(names: Sequence[str]) -> list[str]:
    """Choose what is needed of a repository: pickled weights only where there are no others."""
    weights = [name for name in names if _SAFETENSORS.fullmatch(name)]
    weights = weights or [name for name in names if _PICKLED.fullmatch(name)]
    return [*weights, *_SMALL_FILES.intersection(names)]


def _read_json(directory: Path, name: str) -> dict[str, Any]:
    file = directory / name
    if not file.is_file():
        raise BuildError(f"{directory} has no {name}; name the directory of a model in Hugging Face's layout")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BuildError(f"{file} is not valid JSON; fetch or write it again") from error
    if not isinstance(content, dict):
        raise BuildError(f"{file} holds no JSON object; fetch or write it again")
    return content


def _read_optional_json(directory: Path, name: str) -> dict[str, Any]:
    return _read_json(directory, name) if (directory / name).is_file() else {}


def _check_config(config: Mapping[str, Any], name: str) -> str:
    family = config.get("model_type")
    if family not in FAMILIES:
        raise BuildError(f"{name} is of the family {family!r}; name a model of one of {', '.join(FAMILIES)}")
    if "quantization_config" in config:
        raise BuildError(f"the weights of {name} are quantized already; name the model that they were made from")
    return str(family)


def _find_weights(directory: Path) -> tuple[Path, ...]:
    names = sorted(path.name for path in directory.iterdir() if path.is_file())
    for pattern in (_SAFETENSORS, _PICKLED):
        matching = [name for name in names if pattern.fullmatch(name)]
        for index in (name for name in matching if name.endswith(".index.json")):
            _check_shards(directory, index, names)
        weights = [name for name in matching if not name.endswith(".json")]
        # A whole file wins over parts, as in transformers.
        if weights := [name for name in weights if "-of-" not in name] or weights:
            return tuple(directory / name for name in weights)
    raise BuildError(f"{directory} has no model.safetensors; name a directory that has the weights")


def _check_shards(directory: Path, index: str, names: Sequence[str]) -> None:
    weight_map = _read_json(directory, index).get("weight_map")
    if not isinstance(weight_map, dict):
        raise BuildError(_damaged(directory / index))
    shards = set(map(str, weight_map.values()))
    if missing := shards.difference(names):
        raise BuildError(f"{directory} lacks {len(missing)} of the files that {index} lists; fetch the model again")


def _check_tokenizer_files(directory: Path) -> None:
    if not any((directory / name).is_file() for name in (_TOKENIZER, *_OLD_TOKENIZERS)):
        raise BuildError(f"{directory} has no {_TOKENIZER}; put the model's tokenizer there")


def _convert_tokenizer(source: ModelSource) -> Tokenizer:
    from transformers import AutoTokenizer  # noqa: PLC0415 - takes seconds to import

    try:
        tokenizer: Tokenizer = AutoTokenizer.from_pretrained(source.directory, local_files_only=True).backend_tokenizer
    except Exception as error:  # many kinds, all meaning that it can't be converted; some are missing packages
        raise BuildError(
            f"the tokenizer of {source.name} has no {_TOKENIZER} and cannot be converted ({type(error).__name__}); "
            "pip install sentencepiece tiktoken, or save it as a fast tokenizer"
        ) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _load_weights(source: ModelSource) -> PreTrainedModel:
    import torch  # noqa: PLC0415 - takes seconds to import
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM  # noqa: PLC0415 - likewise

    read_shapes(source)
    loader: Any = AutoModelForSeq2SeqLM if source.is_encoder_decoder else AutoModelForCausalLM
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong is an error, and said as one
            model, loading = loader.from_pretrained(
                source.directory,
                dtype=torch.float32,
                local_files_only=True,
                use_safetensors=source.weight_files[0].suffix == ".safetensors",
                weights_only=True,
                output_loading_info=True,
            )
    except Exception as error:  # transformers and torch raise many kinds for weights that can't be used
        raise BuildError(
            f"the weights of {source.name} are damaged or do not fit its {_CONFIG} ({type(error).__name__}); "
            "fetch or save the model again"
        ) from error
    _check_loading(source, loading)
    if damaged := [name for name, weight in model.named_parameters() if not torch.isfinite(weight).all()]:
        raise BuildError(f"{damaged[0]} of {source.name} holds what is no number; fetch or save the model again")
    return model  # type: ignore[no-any-return]


def _check_loading(source: ModelSource, loading: Mapping[str, Any]) -> None:
    """Refuse a model part of whose weights were left at random, or of whose weights layers were left out."""
    missing = sorted(loading["missing_keys"])
    superfluous = sorted(key for key in loading["unexpected_keys"] if _LAYER_WEIGHT.search(key))
    for keys, what in ((missing, "lack"), (superfluous, "have, unknown to it,")):
        if keys:
            raise BuildError(
                f"the weights of {source.name} do not fit its {_CONFIG}: they {what} {keys[0]}"
                f"{f' and {len(keys) - 1} more' if len(keys) > 1 else ''}; fetch or save the model again"
            )


def _hash_file(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        for chunk in _chunks(opened.read):
            digest.update(chunk)
    return digest.hexdigest()


def _chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    return iter(lambda: read(_HASHED_CHUNK_BYTES), b"")


def _damaged(file: Path) -> str:
    return f"{file} is damaged; fetch or save the model again"


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
