"""The builder from end to end: a tiny corpus and a tiny random encoder become a bundle that the daemon serves."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from serving import default_daemon
from tiny_corpus import sentence, write_corpus

from briefd.v1 import briefd_pb2, briefd_pb2_grpc
from briefd_build.building import build_default
from briefd_build.compression.structured import EncoderShape
from briefd_build.default_bundle import RELATIONS, Recipe
from briefd_build.errors import BuildError
from briefd_build.folder import MADE_BY
from briefd_build.pipeline.model import Lesson
from briefd_server.bundle import read_bundle
from briefd_server.engines import load_engine
from briefd_server.engines.base import Task, UnwatchedCall
from briefd_server.errors import BundleError
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from pathlib import Path

    from briefd_build.base_model import BaseModel
    from briefd_server.bundle import Bundle

RECIPE = Recipe(
    name="tiny-en",
    teacher=Lesson(epochs=10, rate=2e-3, head_rate=5e-3),
    recovery=Lesson(epochs=6, rate=2e-3, head_rate=2e-3),
    shape=EncoderShape(layers=1, heads=2, feed_forward_width=32),
    importance_batches=2,
    window_pieces=128,
    least_relation_uses=2,
)


def build(base: BaseModel, directory: Path) -> list[str]:
    """Build, or go on with what was built before; returns the names of the stages that were worked on."""
    stages: dict[str, None] = {}

    def report(stage: str, done: float) -> None:
        assert 0 <= done <= 1
        stages[stage.partition(",")[0]] = None

    build_default(base, directory / "data", directory / "build", directory / "bundle", report, RECIPE)
    return list(stages)


def test_a_folder_of_another_build_is_refused(base: BaseModel, tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / MADE_BY).write_text("{}", encoding="utf-8")
    (tmp_path / "build" / RELATIONS).write_text("[]", encoding="utf-8")
    with pytest.raises(BuildError, match="another build"):
        build(base, tmp_path)


def test_from_the_corpora_to_a_served_answer(base: BaseModel, tmp_path: Path) -> None:
    write_corpus(tmp_path / "data")
    measures = ["attachment", "salience", "compression", "length", "latency"]
    assert build(base, tmp_path) == ["teacher", "pruning", "recovery", "keeping", "export", *measures]
    bundle = read_bundle(tmp_path / "bundle")
    check_manifest(bundle)
    check_both_variants(bundle)
    check_labels(bundle)
    check_service(tmp_path / "bundle")
    student = tmp_path / "build/student.safetensors"
    weights = student.read_bytes()
    student.unlink()
    (tmp_path / "build/recovery.checkpoint").unlink()
    assert build(base, tmp_path) == ["pruning", "recovery", "keeping", *measures]
    assert student.read_bytes() == weights
    assert read_bundle(tmp_path / "bundle").manifest.files == bundle.manifest.files


def check_manifest(bundle: Bundle) -> None:
    manifest = bundle.manifest
    assert (manifest.name, manifest.language, manifest.engine) == ("tiny-en", "en", "extractive")
    assert set(manifest.variants) == {"optimized", "baseline"}
    assert manifest.files["optimized.onnx"].size_bytes < manifest.files["baseline.onnx"].size_bytes / 2
    assert manifest.provenance["recipe"]["feed_forward_width"] == 32
    assert {source["folder"] for source in manifest.provenance["data"]} >= {"gum", "scitldr", "gov_posts"}
    evaluation = manifest.evaluation["optimized"]
    # The corpus has one grammar and one rule for what a summary holds: a network that learned anything knows them.
    assert evaluation["attachment"]["labelled"] > 95
    assert evaluation["salience_auc"] > 0.7
    assert evaluation["compliance"] == {"text_count": 18, "within_length": 100.0, "words_in_order": 100.0}
    assert set(evaluation["compressions"]) == {"broadcast", "newsroom"}
    assert evaluation["latency"]["text_count"] > 0


def text_of(sentence_count: int) -> str:
    chance = random.Random(5)
    return " ".join(sentence(chance) for _ in range(sentence_count))


def check_both_variants(bundle: Bundle) -> None:
    text = text_of(40)
    for variant in bundle.manifest.variants:
        engine = load_engine(bundle, variant, 1)
        summary = engine.summarize(Task(text, 5, 8), UnwatchedCall())
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
