"""The recipes of the default bundle from end to end, on a tiny corpus and encoder: a bundle that is served."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fake_kind import FakeMeasuring
from serving import default_daemon
from tiny_corpus import sentence, write_corpus

from briefd.v1 import briefd_pb2, briefd_pb2_grpc
from briefd_build.pipeline import recipe_run
from briefd_build.pipeline.changing import set_values
from briefd_build.pipeline.recipe import parse_recipe
from briefd_build.pipeline.recipe_files import read_recipe_table
from briefd_build.pipeline.recipe_run import Order, Outcome, run_recipe
from briefd_server.bundle import read_bundle
from briefd_server.engines import load_engine
from briefd_server.engines.base import Task, UnwatchedCall
from briefd_server.errors import BundleError
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from pathlib import Path

    from briefd_build.base_model import BaseModel
    from briefd_server.bundle import Bundle

SETTINGS = (
    "name=tiny-en",
    "model.window_pieces=128",
    "data.least_relation_uses=2",
    "teacher.epochs=10",
    "teacher.rate=2e-3",
    "teacher.head_rate=5e-3",
    "distil.epochs=6",
    "distil.rate=2e-3",
    "distil.head_rate=2e-3",
    "evaluation.texts=20",
    "gates.latency_ratio=1",
    "gates.points.labelled_attachment=20",
)


PRUNED = ("layers=1", "heads=1", "feed_forward_width=32", "batches=2")
PRUNING = {"default-en": "prune-structured", "default-en-e5": "student"}
"""Name of the stage that makes the network small, by recipe."""


def run(name: str, base: BaseModel, directory: Path) -> Outcome:
    pruned = (f"{PRUNING[name]}.{setting}" for setting in PRUNED)
    table = set_values(read_recipe_table(name), (f"model.source={base.directory}", *SETTINGS, *pruned))
    table["gates"].pop("floors", None)  # what a summarizer of English must reach
    recipe = parse_recipe(table, f"{name}.toml")
    order = Order(recipe, directory / "bundle", directory / "build", lambda: directory / "data", 1, False, "")
    return run_recipe(order, FakeMeasuring(), lambda what, share: None, lambda row, leading: None)


@pytest.mark.long
@pytest.mark.parametrize("name", PRUNING)
def test_from_the_corpora_to_a_served_answer(
    name: str, base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe_run, "write_reports", lambda record, folder: [])
    write_corpus(tmp_path / "data")
    outcome = run(name, base, tmp_path)
    assert not outcome.failing
    check_quality(outcome)
    bundle = read_bundle(tmp_path / "bundle")
    check_manifest(bundle, has_unlabelled=name == "default-en-e5")
    check_both_variants(bundle)
    check_labels(bundle)
    check_service(tmp_path / "bundle")
    for stage in ("distil", "optimize"):
        (folder,) = (tmp_path / "build").glob(f"[0-9][0-9]-{stage}")
        shutil.rmtree(folder)
    assert run(name, base, tmp_path).record.stages[-1].files_digest == outcome.record.stages[-1].files_digest


def check_quality(outcome: Outcome) -> None:
    quality = {name: interval.value for name, interval in outcome.record.stages[-1].quality.items()}
    # The corpus has one grammar and one rule for what a summary holds: a network that learned anything knows them.
    assert quality["labelled_attachment"] > 90
    assert quality["within_length"] == 1


def check_manifest(bundle: Bundle, *, has_unlabelled: bool) -> None:
    manifest = bundle.manifest
    assert (manifest.name, manifest.language, manifest.engine) == ("tiny-en", "en", "extractive")
    assert set(manifest.variants) == {"optimized", "baseline"}
    assert manifest.files["optimized.onnx"].size_bytes < manifest.files["baseline.onnx"].size_bytes / 2
    pruning = [each for each in manifest.provenance["recipe"]["stages"] if "feed_forward_width" in each]
    assert [each["feed_forward_width"] for each in pruning] == [32]
    assert {source["folder"] for source in manifest.provenance["data"]} >= {"gum", "scitldr", "gov_posts"}
    assert ("somebody/blog" in {each["repository"] for each in manifest.provenance["data"]}) == has_unlabelled


def text_of(sentence_count: int) -> str:
    chance = random.Random(5)
    return " ".join(sentence(chance) for _ in range(sentence_count))


def check_both_variants(bundle: Bundle) -> None:
    text = text_of(40)
    for variant in bundle.manifest.variants:
        summary = load_engine(bundle, variant, 1).summarize(Task(text, 5, 8), UnwatchedCall())
        assert 5 <= summary.word_count == count_words(summary.text) <= 8
        assert summary.sentence_count == 40
        kept = [text[span.start : span.end].lower() for span in summary.spans]
        assert " ".join(kept).split() == summary.text.rstrip(".").lower().split()


def check_labels(bundle: Bundle) -> None:
    parameters = {**bundle.manifest.engine_parameters, "tags": ["NOUN"]}
    other = replace(bundle, manifest=replace(bundle.manifest, engine_parameters=parameters))
    with pytest.raises(BundleError, match="its optimized model has other labels; rebuild it"):
        load_engine(other, "optimized", 1)


def check_service(directory: Path) -> None:
    with default_daemon("--bundle", str(directory), "--threads", "1") as daemon, daemon.channel() as channel:
        stub = briefd_pb2_grpc.SummarizerServiceStub(channel)
        request = briefd_pb2.SummarizeRequest(text=text_of(3), min_word_count=5, max_word_count=8)
        *_, last = stub.Summarize(request, timeout=60)
        assert last.result.length_met
        assert last.result.summary.endswith(".")
        daemon.stop()
        code, log = daemon.wait()
        assert code == 0, log
