"""Fine-tuning: it learns, merges what it learned, goes on where it stopped, and is refused in one line."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from click.testing import CliRunner
from long_runs import cases
from tiny_models import CORPUS, FAMILIES, make_tiny_model
from torch.nn.functional import cross_entropy

from briefd_build.cli import cli
from briefd_build.errors import BuildError
from briefd_build.finetuning import requirements, writing
from briefd_build.finetuning.adapting import LORA_LAYERS, adapt
from briefd_build.finetuning.batches import assemble
from briefd_build.finetuning.building import CHECKPOINT, Finetuning
from briefd_build.finetuning.examples import PairEncoder
from briefd_build.finetuning.pairs import read_pairs
from briefd_build.finetuning.settings import Settings
from briefd_build.finetuning.training import Progress, Trainer, predict
from briefd_build.finetuning.writing import RECORD_NAME
from briefd_build.folder import BuildFolder
from briefd_build.generative.source import find_model, load_model
from briefd_build.templates import TEMPLATE_NAME, find_template, known_templates

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedModel

    from briefd_build.finetuning.examples import Example

CPU = torch.device("cpu")
SETTINGS = Settings(epochs=3, rate=1e-2, warmup_steps=2, evaluation_steps=2, batch_pairs=4, dropout=0.1)


class Interrupted(Exception):  # noqa: N818 - as if the machine had gone down
    pass


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Write eight pairs whose summary is how their text begins."""
    return write_pairs(tmp_path / "pairs.jsonl", CORPUS[:8])


def write_pairs(file: Path, texts: tuple[str, ...]) -> Path:
    lines = [json.dumps({"text": text, "summary": " ".join(text.split()[:4]) + "."}) for text in texts]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def load(directory: Path, data: Path) -> tuple[PreTrainedModel, list[Example]]:
    source = find_model(str(directory))
    loaded = load_model(source)
    template = find_template(source.family, loaded.tokenizer, directory)
    encoder = PairEncoder(
        loaded.tokenizer,
        template,
        loaded.end_ids[0],
        is_encoder_decoder=source.is_encoder_decoder,
        context_tokens=256,
    )
    return loaded.model, [encoder.encode(pair) for pair in read_pairs(data)]


def train(
    network: PreTrainedModel, examples: list[Example], checkpoint: Path, settings: Settings, stop_at: int = 10_000
) -> list[float]:
    """Train; returns the held-out losses, here of the examples themselves."""

    def report(progress: Progress) -> None:
        if progress.step == stop_at:
            raise Interrupted

    trainer = Trainer(examples, examples, settings, checkpoint, report)
    return [each.loss for each in trainer.train(network, CPU)]


def finetuning(model: Path, data: Path, tmp_path: Path, **changes: Any) -> Finetuning:
    job = Finetuning(
        model=str(model),
        data=data,
        evaluation_data=None,
        template_name=None,
        settings=SETTINGS,
        folder=BuildFolder(tmp_path / "build"),
        out=tmp_path / "out",
        report=lambda stage, done: None,
    )
    return replace(job, **changes)


@pytest.mark.parametrize(
    ("family", "full"),
    cases([("gpt_neox", False), ("gpt_neox", True)], [*((each, False) for each in FAMILIES[1:]), ("t5", True)]),
)
def test_it_learns_and_the_merged_model_says_the_same(tmp_path: Path, data: Path, family: str, full: bool) -> None:
    # With larger weights than published models begin with: no layer would change a narrow model's output much.
    spread = {"t5": {}, "bart": {"init_std": 0.3}}.get(family, {"initializer_range": 0.3})
    model, examples = load(make_tiny_model(family, tmp_path / "model", **spread), data)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    settings = replace(SETTINGS, epochs=20, full=full)
    torch.manual_seed(0)
    adapted = adapt(model, family, settings)
    losses = train(adapted.network, examples, tmp_path / "c", settings)
    assert losses[-1] < losses[0] * 0.75
    assert not adapted.network.training
    batch = assemble(examples, is_encoder_decoder=model.config.is_encoder_decoder)
    inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask, "labels": batch.labels}
    with torch.no_grad():
        adapters_logits = adapted.network(**inputs).logits
        merged = adapted.merge()
        merged_logits = merged(**inputs).logits
    torch.testing.assert_close(merged_logits, adapters_logits, atol=1e-3, rtol=1e-3)
    after = merged.state_dict()
    assert after.keys() == before.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    if full:
        assert len(changed) > len(before) / 2
    else:
        adapted_layers = tuple(f".{layer}.weight" for layer in LORA_LAYERS[family])
        assert changed == {name for name in before if name.endswith(adapted_layers)}


@pytest.mark.parametrize("family", ["gpt2", "t5"])
def test_the_loss_is_that_of_transformers(tmp_path: Path, data: Path, family: str) -> None:
    model, examples = load(make_tiny_model(family, tmp_path / "model"), data)
    batch = assemble(examples, is_encoder_decoder=model.config.is_encoder_decoder)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=False):
        logits, wanted = predict(model, batch)
        theirs = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask, labels=batch.labels).loss
    assert len(wanted) == sum(len(example.summary_ids) for example in examples)
    torch.testing.assert_close(cross_entropy(logits, wanted), theirs, atol=2e-2, rtol=0)


@pytest.mark.parametrize(("family", "full"), [("gpt_neox", False), ("bart", True)])
def test_it_goes_on_to_the_weights_it_would_have_had(tmp_path: Path, data: Path, family: str, full: bool) -> None:
    model, examples = load(make_tiny_model(family, tmp_path / "model"), data)
    settings = replace(SETTINGS, full=full)

    def fresh() -> PreTrainedModel:
        torch.manual_seed(5)
        return adapt(copy.deepcopy(model), family, settings).network

    straight, stopped, resumed, finished = (fresh() for _ in range(4))
    torch.manual_seed(6)
    losses = train(straight, examples, tmp_path / "a", settings)
    assert len(losses) == 4
    torch.manual_seed(6)
    with pytest.raises(Interrupted):
        train(stopped, examples, tmp_path / "b", settings, stop_at=5)
    torch.manual_seed(7)
    assert train(resumed, examples, tmp_path / "b", settings) == losses
    assert_same_weights(resumed, straight)
    assert train(finished, examples, tmp_path / "b", settings) == losses
    assert_same_weights(finished, straight)


def assert_same_weights(ours: PreTrainedModel, theirs: PreTrainedModel) -> None:
    for name, value in ours.state_dict().items():
        assert torch.equal(value, theirs.state_dict()[name]), name


def test_a_damaged_checkpoint_and_a_diverged_training_are_refused(tmp_path: Path, data: Path) -> None:
    model, examples = load(make_tiny_model("gpt2", tmp_path / "model"), data)
    (tmp_path / "c").write_bytes(b"PK")
    with pytest.raises(BuildError, match="c is damaged; remove it to train from the beginning"):
        train(model, examples, tmp_path / "c", SETTINGS)
    with torch.no_grad():
        model.get_output_embeddings().weight.fill_(float("nan"))
    with pytest.raises(BuildError, match="training diverged at step 1; lower --rate"):
        train(model, examples, tmp_path / "d", SETTINGS)
    assert not (tmp_path / "d").exists()


def test_rates_rise_and_fall() -> None:
    settings = Settings(rate=1.0, warmup_steps=4)
    rates = [settings.rate_at(step, 44) for step in range(44)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[-1] == pytest.approx(1 / 40)
    # A short training rises in a tenth of its steps.
    assert max(settings.rate_at(step, 10) for step in range(10)) == settings.rate_at(1, 10) == 1.0


@pytest.mark.parametrize(
    ("models", "asked", "context"),
    [(256, None, 256), (256, 128, 128), (8192, None, 1024), (8192, 2048, 2048), (None, None, 512), (None, 1024, 1024)],
)
def test_the_context_is_the_models_within_reason(models: int | None, asked: int | None, context: int) -> None:
    assert Settings(context_tokens=asked).context_of(models) == context


def test_more_context_than_the_model_has_is_refused() -> None:
    with pytest.raises(BuildError, match="the model reads 256 tokens at most; lower --context-tokens to that"):
        Settings(context_tokens=512).context_of(256)


def test_from_pairs_to_a_directory_like_any_other(tmp_path: Path, data: Path) -> None:
    model = make_tiny_model("qwen2", tmp_path / "model", chat=True)
    (model / "README.md").write_text("---\nlicense: apache-2.0\nlanguage: [de, en]\n---\n", encoding="utf-8")
    stages: dict[str, None] = {}

    def report(stage: str, done: float) -> None:
        assert 0 <= done <= 1
        stages[stage.partition(",")[0]] = None

    out = tmp_path / "models" / "out"
    record = finetuning(model, data, tmp_path, report=report, out=out).run()
    assert record is not None
    assert (record.pairs, record.held_out_pairs, record.shortened_texts, record.context_tokens) == (7, 1, 0, 256)
    assert [each.step for each in record.evaluations] == [0, 2, 4, 6]
    assert list(stages) == ["reading", "loading", "training"]
    source = find_model(str(out))
    loaded = load_model(source)
    assert (source.license, source.language) == ("apache-2.0", "de")
    assert loaded.end_ids == load_model(find_model(str(model))).end_ids
    template = find_template("qwen2", loaded.tokenizer, out)
    assert template == find_template("qwen2", loaded.tokenizer, model)
    assert (out / TEMPLATE_NAME).is_file()
    written = json.loads((out / RECORD_NAME).read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(record.to_json()))
    assert written["made_by"]["settings"]["rate"] == SETTINGS.rate
    assert sorted(path.name for path in out.parent.iterdir()) == ["out"]


def test_what_is_done_is_not_done_again(tmp_path: Path, data: Path) -> None:
    model = make_tiny_model("gpt2", tmp_path / "model")
    job = finetuning(model, data, tmp_path)
    assert job.run() is not None
    weights = (tmp_path / "out/model.safetensors").read_bytes()
    assert job.run() is None
    checkpoint = tmp_path / "build" / CHECKPOINT
    trained_at = checkpoint.stat().st_mtime_ns
    again = replace(job, out=tmp_path / "again")
    assert again.run() is not None
    assert checkpoint.stat().st_mtime_ns == trained_at
    assert (tmp_path / "again/model.safetensors").read_bytes() == weights


def test_a_place_that_cannot_be_written_is_refused_before_training(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_tiny_model("gpt2", tmp_path / "model")
    job = finetuning(model, data, tmp_path, out=tmp_path / "models" / "out")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(BuildError, match=f"out cannot be made: {tmp_path} is not writable; name another --out"):
        job.run()
    assert not (tmp_path / "build").exists()


def test_folders_of_something_else_are_refused(tmp_path: Path, data: Path) -> None:
    model = make_tiny_model("gpt2", tmp_path / "model")
    job = finetuning(model, data, tmp_path)
    job.run()
    other = replace(job, settings=replace(SETTINGS, rate=2e-2))
    with pytest.raises(BuildError, match="out holds something else already; name another --out or remove it"):
        other.run()
    with pytest.raises(BuildError, match=r"build holds the stages of another build \(other settings\); name another"):
        replace(other, out=tmp_path / "other").run()
    with pytest.raises(BuildError, match="model holds something else already"):
        replace(job, out=model).run()
    (tmp_path / "build" / CHECKPOINT).rename(tmp_path / "kept")
    assert replace(other, out=tmp_path / "free").run() is not None
    write_pairs(data, CORPUS[:9])
    with pytest.raises(BuildError, match="build holds the stages of another build"):
        replace(job, out=tmp_path / "other").run()
    assert not (tmp_path / "other").exists()


def test_an_interrupt_while_the_model_is_written_leaves_nothing_of_it(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = finetuning(make_tiny_model("gpt2", tmp_path / "model"), data, tmp_path)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "_write_tokenizer", interrupt)
    with pytest.raises(KeyboardInterrupt):
        job.run()
    assert {path.name for path in tmp_path.iterdir()} == {"model", "build", data.name}


def test_pairs_to_measure_on_may_be_given(tmp_path: Path, data: Path) -> None:
    model = make_tiny_model("gpt2", tmp_path / "model")
    evaluation = write_pairs(tmp_path / "evaluation.jsonl", CORPUS[8:10])
    settings = replace(SETTINGS, epochs=1, context_tokens=32)
    record = finetuning(model, data, tmp_path, evaluation_data=evaluation, settings=settings).run()
    assert record is not None
    assert (record.pairs, record.held_out_pairs) == (8, 2)
    assert 0 < record.shortened_texts <= 10


@pytest.mark.parametrize("full", [False, True])
def test_too_little_disk_or_memory_is_said_before_anything_is_loaded(
    tmp_path: Path, data: Path, full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_tiny_model("gpt2", tmp_path / "model")
    job = finetuning(model, data, tmp_path, settings=replace(SETTINGS, full=full))
    with monkeypatch.context() as patch:
        patch.setattr(requirements, "free_disk_bytes", lambda directory: 1000)
        with pytest.raises(BuildError, match=r"too little disk: .* make room, or name another --build and --out"):
            job.run()
    with monkeypatch.context() as patch:
        patch.setattr(requirements, "free_memory_bytes", lambda: 1000)
        with pytest.raises(BuildError, match="too little memory: "):
            job.run()
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "pairs.jsonl, line 1: 'summary' is empty; fill it in, or remove the line"),
        (["--template", "poem"], "there is no template 'poem'; choose one of chat, continuation, instruction, plain"),
        (["--template", "chat"], "the template 'chat' needs a tokenizer that knows <|im_end|>; choose another one"),
    ],
)
def test_a_mistake_ends_in_one_line(tmp_path: Path, data: Path, options: list[str], message: str) -> None:
    if not options:
        data.write_text('{"text": "a", "summary": ""}\n', encoding="utf-8")
    model = make_tiny_model("gpt2", tmp_path / "model")
    arguments = ["finetune", "--model", str(model), "--data", str(data), "--out", str(tmp_path / "out"), *options]
    result = CliRunner().invoke(cli, arguments)
    assert isinstance(result.exception, BuildError)
    assert str(result.exception).endswith(message)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.build").exists()


def test_the_help_names_the_templates() -> None:
    said = CliRunner().invoke(cli, ["finetune", "--help"]).stdout
    assert all(name in said for name in known_templates())


def test_the_command_says_what_it_did(tmp_path: Path, data: Path) -> None:
    model = make_tiny_model("gpt2", tmp_path / "model")
    out = tmp_path / "out"
    arguments = ["finetune", "--model", str(model), "--data", str(data), "--out", str(out), "--context-tokens", "32"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert "texts were shortened to 32 tokens" in result.stderr
    assert "after 2 steps" in result.stderr
    assert f"wrote {out}" in result.stderr
    assert json.loads((out / RECORD_NAME).read_text(encoding="utf-8"))["made_by"]["settings"]["rank"] == 16
    again = CliRunner().invoke(cli, arguments)
    assert "out is there already, from the same model, pairs and settings" in again.stderr
