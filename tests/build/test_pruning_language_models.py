"""Structures of language models: what is taken out is really gone, what stays says what it said, and it is served."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import torch
from long_runs import cases
from tiny_corpus import write_corpus
from tiny_models import CORPUS, make_tiny_model

from briefd_build.compression.anatomy import Shape
from briefd_build.compression.decoders import find_anatomy
from briefd_build.compression.structured import prune_feed_forward, prune_heads, prune_layers
from briefd_build.errors import BuildError
from briefd_build.generative import conversion
from briefd_build.generative.kind import GenerativeKind
from briefd_build.pipeline.model import Work
from briefd_build.pipeline.stages import make_stage
from briefd_server.bundle import read_bundle
from briefd_server.engines import load_summarizer
from briefd_server.engines.base import Task, UnwatchedCall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from briefd_build.compression.anatomy import Anatomy
    from briefd_build.pipeline.model import Model

# Four heads of 16 values; of Llama and Qwen two share their keys and values.
SIZES = {"hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 3, "max_position_embeddings": 512}
FAMILIES = {
    "gpt_neox": SIZES,
    "llama": SIZES | {"num_key_value_heads": 2},
    "qwen2": SIZES | {"num_key_value_heads": 2},
}
EVERY_FAMILY = pytest.mark.parametrize("family", FAMILIES)
ONE_FAMILY_FAST = pytest.mark.parametrize("family", cases(["llama"], [name for name in FAMILIES if name != "llama"]))


@pytest.fixture(autouse=True)
def few_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = conversion.read_texts()[:3]
    monkeypatch.setattr(conversion, "read_texts", lambda: texts)


def make_kind(tmp_path: Path, family: str, sizes: dict[str, int] | None = None) -> GenerativeKind:
    source = make_tiny_model(family, tmp_path / family, **(sizes or FAMILIES.get(family, {})))
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text("".join(f'{{"text": "{text}", "summary": "{text[:20]}"}}\n' for text in CORPUS[:4] * 5))

    def find_data() -> Path:
        write_corpus(tmp_path / "data")
        return tmp_path / "data"

    return GenerativeKind(
        {"source": str(source), "shortlist_size": 100},
        {"pairs": str(pairs), "batch_pairs": 2},
        {"threads": 1},
        find_data,
    )


def open_model(kind: GenerativeKind, tmp_path: Path, family: str) -> Model:
    """Open a model, and spread its weights so that no two tokens score alike."""
    model = kind.open(str(tmp_path / family))
    torch.manual_seed(7)
    for parameter in model.network.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    return model


def anatomy_of(model: Model) -> Anatomy:
    anatomy = find_anatomy(model.network)  # type: ignore[arg-type]
    assert anatomy is not None
    return anatomy


def losses_of(kind: GenerativeKind, model: Model) -> Callable[[], Iterator[torch.Tensor]]:
    return lambda: kind.losses(model, 2)


@torch.no_grad()
def logits(model: Model, text: str = CORPUS[0]) -> torch.Tensor:
    ids = torch.tensor([model.tokenizer.encode(text, add_special_tokens=False).ids])
    result: torch.Tensor = model.network(input_ids=ids).logits
    return result


def prune(kind: GenerativeKind, model: Model, tmp_path: Path, **parameters: Any) -> str:
    work = Work(kind, tmp_path, lambda _: pytest.fail("no stage is asked for"), 1, lambda _what, _share: None)
    return make_stage("prune-structured", {"batches": 2, **parameters}, "").apply(model, work)


@EVERY_FAMILY
def test_neurons_that_nothing_listens_to_go_first(tmp_path: Path, family: str) -> None:
    kind = make_kind(tmp_path, family)
    model = open_model(kind, tmp_path, family)
    anatomy = anatomy_of(model)
    for layer in anatomy.layers:
        anatomy.neuron_reader(layer).weight.data[:, ::2] = 0
    before = logits(model)
    prune_feed_forward(anatomy, losses_of(kind, model), anatomy.shape.feed_forward_width // 2)
    assert anatomy.neuron_reader(anatomy.layers[0]).in_features == anatomy.shape.feed_forward_width == 32
    torch.testing.assert_close(logits(model), before, atol=1e-4, rtol=1e-4)


@EVERY_FAMILY
def test_heads_that_nothing_listens_to_go_first_with_those_that_share_their_keys(tmp_path: Path, family: str) -> None:
    kind = make_kind(tmp_path, family)
    model = open_model(kind, tmp_path, family)
    anatomy = anatomy_of(model)
    unit = anatomy.heads_a_unit
    for number, layer in enumerate(anatomy.layers):
        idle = slice(16 * unit, 32 * unit) if number % 2 else slice(16 * unit)
        anatomy.head_reader(layer).weight.data[:, idle] = 0
    before = logits(model)
    prune_heads(anatomy, losses_of(kind, model), 4 - unit)
    assert anatomy.shape.heads == 4 - unit
    assert anatomy.head_reader(anatomy.layers[0]).in_features == 16 * (4 - unit)
    torch.testing.assert_close(logits(model), before, atol=1e-4, rtol=1e-4)


@EVERY_FAMILY
def test_the_layer_that_does_nothing_goes_first(tmp_path: Path, family: str) -> None:
    kind = make_kind(tmp_path, family)
    model = open_model(kind, tmp_path, family)
    anatomy = anatomy_of(model)
    layer = anatomy.layers[1]
    for reader in (anatomy.head_reader(layer), anatomy.neuron_reader(layer)):
        reader.weight.data.zero_()
        if reader.bias is not None:
            reader.bias.data.zero_()
    before = logits(model)
    assert prune_layers(anatomy, lambda: iter([(logits(model) - before).square().mean()]), 2) == [0, 2]
    torch.testing.assert_close(logits(model), before, atol=1e-4, rtol=1e-4)
    # Keys and values of the layers that stay have places of their own.
    assert kind.run_in_pytorch(model)(CORPUS[1])


@EVERY_FAMILY
def test_tokens_that_nothing_uses_go_and_the_others_say_the_same(tmp_path: Path, family: str) -> None:
    kind = make_kind(tmp_path, family)
    model = open_model(kind, tmp_path, family)
    whole = copy.deepcopy(model)
    rows = anatomy_of(model).row_count
    assert f" of {rows:,} tokens" in prune(kind, model, tmp_path, vocabulary=True)
    kept = [whole.tokenizer.token_to_id(token) for token, _ in sorted(model.tokenizer.get_vocab().items(), key=second)]
    assert anatomy_of(model).row_count == len(kept) < rows
    for text in kind.texts(model):
        assert model.tokenizer.encode(text).tokens == whole.tokenizer.encode(text).tokens
    torch.testing.assert_close(logits(model), logits(whole)[..., kept])
    config: Any = model.network.config
    assert config.vocab_size == len(kept)
    assert model.tokenizer.id_to_token(config.eos_token_id) == whole.tokenizer.id_to_token(
        whole.network.config.eos_token_id  # type: ignore[union-attr]
    )


def second(entry: tuple[str, int]) -> int:
    return entry[1]


@pytest.mark.long
@EVERY_FAMILY
def test_a_pruned_model_is_saved_exported_and_served(tmp_path: Path, family: str) -> None:
    kind = make_kind(tmp_path, family)
    model = open_model(kind, tmp_path, family)
    prune(kind, model, tmp_path, vocabulary=True, layers=2, heads=2, feed_forward_width=48)
    assert anatomy_of(model).shape == Shape(2, 2, 48)
    kind.save(model, tmp_path / "saved")
    loaded = kind.load(tmp_path / "saved")
    assert torch.equal(logits(loaded), logits(model))
    assert anatomy_of(loaded).shape == anatomy_of(model).shape
    prune(kind, loaded, tmp_path, feed_forward_share=0.5)
    make_stage("quantize", {"method": "weight-only", "bits": 8, "output": "shortlist"}, "").apply(
        loaded, Work(kind, tmp_path, lambda _: loaded, 1, lambda _what, _share: None)
    )
    # The export is compared with the pruned network, token by token.
    assert "greedy tokens as" in kind.write_bundle(loaded, tmp_path / "bundle", lambda _what, _share: None)
    engine = load_summarizer(read_bundle(tmp_path / "bundle"), "int8-shortlist", 1)
    assert 10 <= engine.summarize(Task(" ".join(CORPUS[:5]), 10, 15), UnwatchedCall()).word_count <= 15


@ONE_FAMILY_FAST
def test_a_number_of_heads_that_divides_no_width_is_saved_too(tmp_path: Path, family: str) -> None:
    sizes = FAMILIES[family] | ({"num_key_value_heads": 4} if family != "gpt_neox" else {})
    kind = make_kind(tmp_path, family, sizes)
    model = open_model(kind, tmp_path, family)
    prune(kind, model, tmp_path, heads=3)
    kind.save(model, tmp_path / "saved")
    loaded = kind.load(tmp_path / "saved")
    assert anatomy_of(loaded).shape.heads == 3
    assert torch.equal(logits(loaded), logits(model))
    assert "greedy tokens as" in kind.write_bundle(loaded, tmp_path / "bundle", lambda _what, _share: None)
    # And once more, of what was loaded.
    prune(kind, loaded, tmp_path, heads=1)
    assert anatomy_of(loaded).shape.heads == 1


@pytest.mark.parametrize(
    ("family", "parameters", "message"),
    [
        ("gpt2", {"layers": 1}, "BERT-style encoders, GPT-NeoX, Llama and Qwen 2"),
        ("llama", {"heads": 3}, "a multiple of 2 heads"),
        ("gpt_neox", {"layers": 4}, "the model has 3 layers of 4 heads"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(
    tmp_path: Path, family: str, parameters: dict[str, int], message: str
) -> None:
    kind = make_kind(tmp_path, family)
    model = kind.open(str(tmp_path / family))
    with pytest.raises(BuildError, match=message):
        prune(kind, model, tmp_path, **parameters)


def test_structures_are_not_taken_out_of_thin_layers(tmp_path: Path) -> None:
    kind = make_kind(tmp_path, "gpt_neox")
    model = kind.open(str(tmp_path / "gpt_neox"))
    work = Work(kind, tmp_path, lambda _: model, 1, lambda _what, _share: None)
    make_stage("low-rank", {"rank": 4, "layers": 1}, "").apply(model, work)
    with pytest.raises(BuildError, match="put prune-structured before low-rank"):
        prune(kind, model, tmp_path, vocabulary=True)
