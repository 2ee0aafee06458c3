"""The model that a bundle is made of: found and loaded, or refused in one line that states the fix."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from huggingface_hub.errors import (
    DryRunError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.file_download import DryRunFileInfo
from safetensors.torch import load_file, save_file
from tiny_models import FAMILIES, make_tiny_model
from tokenizers import Tokenizer

from briefd_build import hugging_face
from briefd_build.errors import BuildError
from briefd_build.generative import source as source_module
from briefd_build.generative.card import UNKNOWN_LICENSE
from briefd_build.generative.source import (
    ModelSource,
    find_end_ids,
    find_model,
    load_model,
    read_shapes,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model("gpt_neox", tmp_path_factory.mktemp("made"))


@pytest.fixture
def directory(made: Path, tmp_path: Path) -> Path:
    """Give a copy that a test may spoil."""
    return Path(shutil.copytree(made, tmp_path / "model"))


def edit_json(file: Path, **changes: Any) -> None:
    content = json.loads(file.read_text())
    content.update(changes)
    file.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))


def loaded_weights(source: ModelSource) -> dict[str, torch.Tensor]:
    """Give the model's weights under the names that they have on disk."""
    weights = load_model(source).model.state_dict()
    return weights | ({"embed_out.weight": weights["lm_head.weight"]} if source.family == "gpt_neox" else {})


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_found_and_loaded_as_it_was_saved(family: str, tmp_path: Path) -> None:
    found = find_model(str(make_tiny_model(family, tmp_path / family)))
    assert found.family == family
    model, tokenizer, end_ids = load_model(found)
    assert not model.training
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    saved = load_file(found.weight_files[0])
    loaded = loaded_weights(found)
    assert saved.keys() <= loaded.keys()
    assert all(torch.equal(loaded[name], weight) for name, weight in saved.items())
    assert {name: tuple(weight.shape) for name, weight in saved.items()} == read_shapes(found)
    assert tokenizer.padding is None
    assert tokenizer.truncation is None
    assert [tokenizer.id_to_token(number) for number in end_ids] in (["<|endoftext|>"], ["</s>"])


def test_what_a_manifest_tells_of_a_directory_holds_no_path(directory: Path) -> None:
    (directory / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A model\n")
    weights = (directory / "model.safetensors").read_bytes()
    assert find_model(str(directory)).describe() == {
        "name": "model",
        "family": "gpt_neox",
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "license": "apache-2.0",
    }


@pytest.mark.parametrize(
    ("card", "license_name"),
    [
        ("---\nlicense: other\nlicense_name: my-terms\n---\n", "my-terms"),
        ("---\nlicense: [mit, apache-2.0]\n---\n", "mit, apache-2.0"),
        ("---\nlanguage: en\n---\n", UNKNOWN_LICENSE),
        ("---\nlicense: [unclosed\n---\n", UNKNOWN_LICENSE),
        ("No front matter\n", UNKNOWN_LICENSE),
    ],
)
def test_the_license_is_what_the_card_says(directory: Path, card: str, license_name: str) -> None:
    (directory / "README.md").write_text(card)
    assert find_model(str(directory)).license == license_name


@pytest.mark.parametrize(
    ("language", "expected"),
    [("de", "de"), ("[pt-BR, en]", "pt-BR"), ("[]", "en"), ("multilingual!", "en"), ("no", "en")],
)
def test_the_language_is_the_first_that_the_card_names(directory: Path, language: str, expected: str) -> None:
    (directory / "README.md").write_text(f"---\nlanguage: {language}\n---\n")
    assert find_model(str(directory)).language == expected


def test_the_context_is_the_configurations(directory: Path) -> None:
    assert find_model(str(directory)).context_tokens == 256
    edit_json(directory / "config.json", max_position_embeddings=None)
    assert find_model(str(directory)).context_tokens is None


def test_weights_in_parts_are_found_and_hashed_together(directory: Path) -> None:
    weights = load_file(directory / "model.safetensors")
    (directory / "model.safetensors").unlink()
    names = sorted(weights)
    parts = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for file, part in parts.items():
        save_file({name: weights[name] for name in part}, directory / file, {"format": "pt"})
    weight_map = {name: file for file, part in parts.items() for name in part}
    (directory / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    found = find_model(str(directory))
    assert [file.name for file in found.weight_files] == sorted(parts)
    assert len(found.sha256) == 64
    assert load_model(found).model.num_parameters() == sum(weight.numel() for weight in weights.values())
    (directory / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(BuildError, match=r"lacks 1 of the files that model.safetensors.index.json lists; fetch"):
        find_model(str(directory))


def test_pickled_weights_are_read_where_there_are_no_others(directory: Path) -> None:
    weights = load_file(directory / "model.safetensors")
    torch.save(weights, directory / "pytorch_model.bin")
    assert find_model(str(directory)).weight_files[0].name == "model.safetensors"
    (directory / "model.safetensors").unlink()
    loaded = loaded_weights(find_model(str(directory)))
    assert all(torch.equal(loaded[name], weight) for name, weight in weights.items())


def test_an_old_tokenizer_is_converted(tmp_path: Path) -> None:
    directory = make_tiny_model("gpt2", tmp_path / "gpt2")
    bpe = json.loads((directory / "tokenizer.json").read_text())["model"]
    expected = Tokenizer.from_file(str(directory / "tokenizer.json")).encode("The council approved").ids
    (directory / "tokenizer.json").unlink()
    edit_json(directory / "tokenizer_config.json", tokenizer_class="GPT2Tokenizer")
    (directory / "vocab.json").write_text(json.dumps(bpe["vocab"]))
    (directory / "merges.txt").write_text(
        "\n".join("#version: 0.2 " if not n else " ".join(m) for n, m in enumerate([[], *bpe["merges"]]))
    )
    assert load_model(find_model(str(directory))).tokenizer.encode("The council approved").ids == expected


def test_an_end_that_the_tokenizer_does_not_know_as_special_is_a_default_of_the_class(directory: Path) -> None:
    edit_json(directory / "config.json", eos_token_id=7)
    edit_json(directory / "generation_config.json", eos_token_id=[7, 0])
    found = find_model(str(directory))
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    assert find_end_ids(found, tokenizer) == (0,)


class _Code:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return exec, ("raise SystemExit('pickled code was run')",)


def _without_end(directory: Path) -> None:
    edit_json(directory / "tokenizer_config.json", eos_token=None)
    edit_json(directory / "config.json", eos_token_id=None)
    edit_json(directory / "generation_config.json", eos_token_id=None)


def _without_a_weight(directory: Path) -> None:
    weights = load_file(directory / "model.safetensors")
    del weights["gpt_neox.layers.1.mlp.dense_h_to_4h.weight"]
    save_file(weights, directory / "model.safetensors", {"format": "pt"})


def _without_numbers(directory: Path) -> None:
    weights = load_file(directory / "model.safetensors")
    weights["gpt_neox.layers.1.mlp.dense_h_to_4h.bias"][3] = torch.nan
    save_file(weights, directory / "model.safetensors", {"format": "pt"})


def _with_more_tokens(directory: Path) -> None:
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    tokenizer.add_tokens([f"<another {number}>" for number in range(99)])
    tokenizer.save(str(directory / "tokenizer.json"))


def _with_pickled_code(directory: Path) -> None:
    (directory / "model.safetensors").unlink()
    (directory / "pytorch_model.bin").write_bytes(pickle.dumps(_Code()))


def _truncate(directory: Path) -> None:
    file = directory / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


BAD_DIRECTORIES: list[tuple[str, Callable[[Path], object], str]] = [
    ("no configuration", lambda d: (d / "config.json").unlink(), r"has no config.json; name the directory of a model"),
    ("broken JSON", lambda d: (d / "config.json").write_text("{"), r"config.json is not valid JSON; fetch or write"),
    ("deep JSON", lambda d: (d / "config.json").write_text("[" * 99_999), r"config.json is not valid JSON; fetch or"),
    ("other JSON", lambda d: (d / "config.json").write_text("[]"), r"config.json holds no JSON object; fetch or write"),
    ("not UTF-8", lambda d: (d / "config.json").write_bytes(b"\xff{}"), r"config.json is not valid JSON; fetch or"),
    (
        "unknown family",
        lambda d: edit_json(d / "config.json", model_type="bert"),
        r"of the family 'bert'; name a model of one of gpt_neox, gpt2, llama, qwen2, t5, bart",
    ),
    ("no family", lambda d: edit_json(d / "config.json", model_type=None), r"of the family None; name a model of one"),
    (
        "quantized",
        lambda d: edit_json(d / "config.json", quantization_config={"bits": 4}),
        r"quantized already; name the model that they were made from",
    ),
    ("no weights", lambda d: (d / "model.safetensors").unlink(), r"has no model.safetensors; name a directory"),
    ("cut weights", _truncate, r"model.safetensors is damaged; fetch or save the model again"),
    ("no weights within", lambda d: (d / "model.safetensors").write_bytes(b""), r"model.safetensors is damaged"),
    (
        "broken index",
        lambda d: (d / "model.safetensors.index.json").write_text('{"weight_map": 1}'),
        r"model.safetensors.index.json is damaged; fetch",
    ),
    ("pickled code", _with_pickled_code, r"damaged or do not fit its config.json \(UnpicklingError\)"),
    ("a weight is missing", _without_a_weight, r"they lack gpt_neox.layers.1.mlp.dense_h_to_4h.weight; fetch or save"),
    (
        "a weight that is no number",
        _without_numbers,
        r"^gpt_neox.layers.1.mlp.dense_h_to_4h.bias of .* holds what is no number; fetch or save the model again",
    ),
    (
        "more layers than weights",
        lambda d: edit_json(d / "config.json", num_hidden_layers=3),
        r"do not fit its config.json: they lack gpt_neox.layers.2.*and \d+ more; fetch or save",
    ),
    (
        "fewer layers than weights",
        lambda d: edit_json(d / "config.json", num_hidden_layers=1),
        r"do not fit its config.json: they have, unknown to it, gpt_neox.layers.1",
    ),
    (
        "other sizes than the weights'",
        lambda d: edit_json(d / "config.json", intermediate_size=96),
        r"damaged or do not fit its config.json",
    ),
    (
        "a configuration that makes no model",
        lambda d: edit_json(d / "config.json", num_attention_heads=0),
        r"damaged or do not fit its config.json",
    ),
    ("no tokenizer", lambda d: (d / "tokenizer.json").unlink(), r"has no tokenizer.json; put the model's tokenizer"),
    ("broken tokenizer", lambda d: (d / "tokenizer.json").write_text("{}"), r"tokenizer.json is damaged; fetch"),
    ("no end-of-text", _without_end, r"no end-of-text token; name it as eos_token in its tokenizer_config.json"),
    ("a tokenizer of another model", _with_more_tokens, r"has \d+ tokens, but the model knows \d+; put"),
]


@pytest.mark.parametrize(
    ("spoil", "message"), [row[1:] for row in BAD_DIRECTORIES], ids=[row[0] for row in BAD_DIRECTORIES]
)
def test_a_directory_that_will_not_do_is_one_line_with_the_fix(
    directory: Path, spoil: Callable[[Path], object], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    spoil(directory)
    with pytest.raises(BuildError, match=message) as raised:
        load_model(find_model(str(directory)))
    assert "\n" not in str(raised.value)
    assert "".join(capfd.readouterr()) == ""


def test_an_old_tokenizer_that_cannot_be_converted_is_refused(directory: Path) -> None:
    (directory / "tokenizer.json").unlink()
    (directory / "spiece.model").write_bytes(b"nothing of the kind")
    with pytest.raises(
        BuildError, match=r"no tokenizer.json and cannot be converted \(.*\); pip install sentencepiece"
    ):
        load_model(find_model(str(directory)))


def _response(status: int) -> Any:
    return SimpleNamespace(status_code=status, headers={}, request=None)


def _offline() -> LocalEntryNotFoundError:
    error = LocalEntryNotFoundError("none")
    error.__cause__ = OfflineModeIsEnabled("offline")
    return error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (GatedRepoError("gated", response=_response(403)), r"is gated: accept its terms at .*`hf auth login`"),
        (RepositoryNotFoundError("none", response=_response(401)), r"the hub has no model 'a/b'.*correct the name"),
        (HFValidationError("bad"), r"'a/b' is neither a directory nor a name on the hub; name one of them"),
        (_offline(), r"HF_HUB_OFFLINE forbids fetching it; unset that"),
        (OfflineModeIsEnabled("offline"), r"HF_HUB_OFFLINE forbids fetching it; unset that"),
        (LocalEntryNotFoundError("no network"), r"the hub cannot be reached; connect this machine"),
        (ConnectionError("reset"), r"the hub cannot be reached; connect this machine"),
        (TimeoutError("slow"), r"the hub cannot be reached; connect this machine"),
        (HfHubHTTPError("busy", response=_response(503)), r"refused a/b \(status 503\); try again later"),
    ],
)
def test_a_hub_that_does_not_give_the_model_is_one_line_with_the_fix(
    error: Exception, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, dry_run: bool = False, **__: object) -> str:
        raise DryRunError if dry_run else error

    monkeypatch.setattr(hugging_face, "snapshot_download", refuse)
    with pytest.raises(BuildError, match=message) as raised:
        find_model("a/b")
    assert "\n" not in str(raised.value)


class FakeHub:
    """Holds one model under the name of its directory's commit."""

    def __init__(self, directory: Path, extra: tuple[str, ...] = ()) -> None:
        self.directory = directory
        self.fetched: list[str] = []
        self.names = [path.name for path in directory.iterdir()] + list(extra)

    def __call__(self, name: str, *, dry_run: bool = False, allow_patterns: tuple[str, ...] = ()) -> Any:
        if dry_run:
            return [DryRunFileInfo("c", 10, each, "", is_cached=False, will_download=True) for each in self.names]
        self.fetched += allow_patterns
        return str(self.directory)


def test_of_a_hub_model_only_what_is_needed_is_fetched_once_the_disk_is_checked(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = FakeHub(directory, ("pytorch_model.bin", "onnx/model.onnx", "flax_model.msgpack", "onnx/config.json"))
    monkeypatch.setattr(hugging_face, "snapshot_download", hub)
    asked: list[int] = []
    found = find_model("somebody/model", lambda _, byte_count: asked.append(byte_count))
    assert sorted(hub.fetched) == sorted(path.name for path in directory.iterdir())
    assert asked == [10 * len(hub.fetched)]
    assert found.describe()["revision"] == directory.name
    assert found.describe()["name"] == "somebody/model"


def test_a_disk_too_small_for_the_download_is_refused_before_it(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path, byte_count: int) -> None:
        raise BuildError("too little")

    hub = FakeHub(directory)
    monkeypatch.setattr(hugging_face, "snapshot_download", hub)
    with pytest.raises(BuildError, match="too little"):
        find_model("somebody/model", refuse)
    assert hub.fetched == []


def test_pickled_weights_are_fetched_only_where_there_are_no_others() -> None:
    names = ["config.json", "pytorch_model-00001-of-00001.bin", "pytorch_model.bin.index.json", "rust_model.ot"]
    assert source_module._choose_files(names)[:2] == names[1:3]
    assert "pytorch_model-00001-of-00001.bin" not in source_module._choose_files([*names, "model.safetensors"])


@pytest.mark.parametrize("name", ["/no/such/directory", "./none", "../none", "~/none"])
def test_a_path_that_is_not_there_is_not_asked_of_the_hub(name: str) -> None:
    with pytest.raises(BuildError, match=r"is not a directory; name one, or a model on the hub"):
        find_model(name)
