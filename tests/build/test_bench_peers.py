"""The peers on tiny models: each writes what it should; those that are not installed are skipped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from language_models import byte_level_tokenizer
from tiny_models import make_tiny_model
from transformers import AutoModelForCausalLM, GPTNeoConfig, GPTNeoForCausalLM, GPTNeoXConfig

from briefd_build.bench.contender import AbsentError
from briefd_build.bench.ctranslate2_peer import Ctranslate2Int8
from briefd_build.bench.gguf_file import write_gguf
from briefd_build.bench.llama_cpp_peer import LlamaCpp
from briefd_build.bench.prompts import make_prompts
from briefd_build.bench.random_model import write_random_model
from briefd_build.bench.torch_peers import PytorchInt8, TransformersFloat32
from briefd_build.byte_level import train_tokenizer
from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from briefd_build.bench.contender import Contender

PROMPT = [17, 60, 33, 41, 90, 8, 120, 55]
CAUSAL_FAMILIES = ("gpt_neox", "gpt2", "llama", "qwen2")


@pytest.fixture(scope="module", params=CAUSAL_FAMILIES)
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(request.param, tmp_path_factory.mktemp(request.param))


def expected_tokens(directory: Path, count: int) -> list[int]:
    """Write greedily without a cache."""
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    tokens = list(PROMPT)
    with torch.inference_mode():
        for _ in range(count):
            tokens.append(int(model(input_ids=torch.tensor([tokens])).logits[0, -1].argmax()))
    return tokens[len(PROMPT) :]


def agreement(contender: Contender, directory: Path) -> float:
    """Load a contender, check that it writes as many tokens as asked, and compare them with transformers'."""
    contender.prepare()
    model = contender.load(1)
    written = model.generate(PROMPT, 24)
    assert len(written.token_ids) == 24
    assert 0 < written.first_token_seconds < written.total_seconds
    expected = expected_tokens(directory, 24)
    predicted = model.predict(PROMPT, expected)
    assert len(predicted) == 24
    return sum(one == other for one, other in zip(predicted, expected, strict=True)) / 24


def test_transformers_writes_exactly_the_greedy_tokens(directory: Path) -> None:
    contender = TransformersFloat32(directory)
    assert agreement(contender, directory) == 1
    assert contender.load(1).generate(PROMPT, 24).token_ids == expected_tokens(directory, 24)


def test_pytorch_int8_comes_close(directory: Path) -> None:
    assert agreement(PytorchInt8(directory), directory) >= 0.8


def test_pytorch_int8_quantizes_every_product(directory: Path) -> None:
    model: Any = PytorchInt8(directory).load(1)
    kinds = {type(layer).__name__ for layer in model._stepper._model.modules()}
    assert "Conv1D" not in kinds


def test_ctranslate2_comes_close(directory: Path, tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2")
    assert agreement(Ctranslate2Int8(directory, tmp_path), directory) >= 0.8


@pytest.mark.parametrize(("form", "least"), [("F32", 0.95), ("Q8_0", 0.8), ("Q4_0", 0.2)])
def test_llama_cpp_agrees(form: str, least: float, directory: Path, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    assert agreement(LlamaCpp(directory, tmp_path, form), directory) >= least


def test_gguf_holds_every_weight_in_its_order(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf")
    directory = make_tiny_model("gpt_neox", tmp_path / "model")
    write_gguf(directory, tmp_path / "model.gguf")
    tensors = {tensor.name: torch.tensor(tensor.data) for tensor in gguf.GGUFReader(tmp_path / "model.gguf").tensors}
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    assert len(tensors) == len(list(model.parameters()))
    assert torch.equal(tensors["token_embd.weight"].flatten(), model.get_input_embeddings().weight.flatten())
    size = model.config.hidden_size // model.config.num_attention_heads
    theirs = model.gpt_neox.layers[0].attention.query_key_value.weight
    ours = tensors["blk.0.attn_qkv.weight"].reshape(theirs.shape)
    # The second head's queries, keys and values: side by side there, in three thirds here.
    for part in range(3):
        third = ours[part * model.config.hidden_size :]
        assert torch.equal(third[size : 2 * size], theirs[(3 + part) * size : (4 + part) * size])


def test_a_family_without_conversion_is_absent_and_leaves_no_file(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    config = GPTNeoConfig(hidden_size=16, num_layers=1, num_heads=2, vocab_size=40, attention_types=[[["global"], 1]])
    GPTNeoForCausalLM(config).save_pretrained(tmp_path / "model")
    with pytest.raises(AbsentError, match="no conversion of gpt_neo models to GGUF here, only gpt_neox"):
        write_gguf(tmp_path / "model", tmp_path / "model.gguf")
    assert not list(tmp_path.glob("*.gguf"))


def test_a_random_model_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    config = GPTNeoXConfig(
        vocab_size=320, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64
    )
    tokenizer = train_tokenizer(["the council approved the bridge"] * 3, 300, add_prefix_space=False)
    for name in ("one", "other"):
        write_random_model(tmp_path / name, config, tokenizer, seed=3)
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "other")]
    assert files[0] == files[1]
    write_random_model(tmp_path / "third", config, tokenizer, seed=4)
    assert (tmp_path / "third" / "model.safetensors").read_bytes() != files[0]


def test_prompts_are_cut_from_the_whole_text() -> None:
    tokenizer = byte_level_tokenizer()
    text = "The council approved the new bridge on Tuesday. " * 20
    token_ids = tokenizer.encode(text, add_special_tokens=False).ids
    prompts = make_prompts(tokenizer, text, 3, 50)
    assert [len(prompt) for prompt in prompts] == [50, 50, 50]
    assert prompts[0] == token_ids[:50]
    assert prompts[2] == token_ids[-50:]
    assert make_prompts(tokenizer, None, 2, 128) == make_prompts(tokenizer, None, 2, 128)


def test_a_short_text_is_refused() -> None:
    with pytest.raises(BuildError, match=r"the text of --text has .* tokens; give one of at least 128"):
        make_prompts(byte_level_tokenizer(), "Too short.", 1, 128)
