"""The gentlest preset on tiny models of every kind: what it makes is exported and checked as it is for real ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_kind import FakeMeasuring
from tiny_corpus import write_corpus, write_encoder
from tiny_models import make_tiny_model
from toy_labels import write_toy_set

from briefd_build.classification.kind import ClassificationKind
from briefd_build.encoder.kind import ExtractiveKind
from briefd_build.generative.kind import GenerativeKind
from briefd_build.pipeline import recipe_run
from briefd_build.pipeline.changing import set_values
from briefd_build.pipeline.recipe import parse_recipe
from briefd_build.pipeline.recipe_files import read_recipe_table
from briefd_build.pipeline.recipe_run import Order, run_recipe
from briefd_build.pipeline.results import Answer
from briefd_server.bundle import read_bundle


def prepare(task: str, directory: Path) -> tuple[str, ...]:
    """Write a model and its data; gives the settings that name them."""
    if task == "generative":
        return (f"model.source={make_tiny_model('gpt_neox', directory / 'model')}",)
    write_encoder(directory / "model")
    if task == "extractive":
        write_corpus(directory / "data")
        return (f"model.source={directory / 'model'}", "data.least_relation_uses=1")
    write_toy_set(directory / "texts.jsonl")
    return (f"model.source={directory / 'model'}", f"data.train={directory / 'texts.jsonl'}")


@pytest.mark.long
@pytest.mark.parametrize(
    ("task", "kind"),
    [("extractive", ExtractiveKind), ("generative", GenerativeKind), ("classification", ClassificationKind)],
)
def test_conservative_makes_every_kind_smaller(
    task: str, kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Judging has tests of its own; here it would take most of the time.
    monkeypatch.setattr(kind, "answer", lambda *_: [Answer("", (), "as before")] * 8)
    monkeypatch.setattr(kind, "score", lambda *_: {"accuracy": 1.0})
    monkeypatch.setattr(kind, "timed_texts", lambda _: ["a text"])
    monkeypatch.setattr(kind, "metrics", FakeMeasuring.metrics)
    monkeypatch.setattr(recipe_run, "write_reports", lambda record, folder: [])
    table = set_values(read_recipe_table("conservative"), (f"task={task}", *prepare(task, tmp_path)))
    recipe = parse_recipe(table, "conservative.toml")
    order = Order(recipe, tmp_path / "out", tmp_path / "build", lambda: tmp_path / "data", 1, False, "")
    outcome = run_recipe(order, FakeMeasuring(), lambda what, share: None, lambda row, leading: None)
    assert [gate.name for gate in outcome.record.gates if gate.passes] == ["quality_loss"]
    bundle = read_bundle(tmp_path / "out")
    assert bundle.manifest.forms
    before, *_, after = outcome.record.stages
    assert after.cost.file_bytes < before.cost.file_bytes
