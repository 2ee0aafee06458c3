"""`brief-build generate`, from a random model to a bundle that the engine serves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from bundle_factory import make_bundle
from click.testing import CliRunner
from rich.console import Console
from tiny_models import make_tiny_model
from written_sentences import check_sentence

from briefd_build.cli import cli
from briefd_build.cli.generate import _table
from briefd_build.errors import BuildError
from briefd_build.generative import building, conversion, measuring
from briefd_build.generative.building import build_generative, choose_variants
from briefd_build.generative.conversion import Options, choose_context, read_texts
from briefd_build.generative.manifest import Origin
from briefd_build.generative.source import find_model
from briefd_build.generative.variants import BASELINE, VARIANTS, HeadKind
from briefd_server.bundle import VariantEntry, read_bundle
from briefd_server.engines import load_engine

if TYPE_CHECKING:
    from pathlib import Path

LONG = {"gpt2": {"n_positions": 1024}, "t5": {}}
OPTIONS = Options(shortlist_size=150, thread_count=1)


def make_model(family: str, directory: Path) -> str:
    return str(make_tiny_model(family, directory, **LONG.get(family, {"max_position_embeddings": 1024})))


@pytest.fixture(autouse=True)
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure on three texts and for one round: what is tested is that it is measured."""
    texts = read_texts()[:3]
    monkeypatch.setattr(conversion, "read_texts", lambda: texts)
    monkeypatch.setattr(building, "read_texts", lambda: texts)
    monkeypatch.setattr(measuring, "_MOST_ROUNDS", 1)
    # The memory that PyTorch itself may take is not the matter here.
    monkeypatch.setattr(building, "free_memory_bytes", lambda: 1 << 40)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.long
def test_a_bundle_is_made_measured_and_served(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model = make_model("gpt_neox", tmp_path / "Model 1")
    out = tmp_path / "out"
    arguments = ["generate", "--model", model, "--out", str(out), "--variants", "int8-shortlist,baseline"]
    finished = CliRunner().invoke(cli, [*arguments, "--shortlist", "150", "--threads", "1"], catch_exceptions=False)
    assert finished.exit_code == 0
    assert "int8-shortlist" in finished.stdout
    assert "names no license" in finished.stderr
    assert "Warning" not in capfd.readouterr().err

    bundle = read_bundle(out)
    assert names(tmp_path) == ["Model 1", "out"]
    manifest = bundle.manifest
    assert (manifest.name, manifest.engine, manifest.license) == ("model-1", "generative", "unknown")
    assert {*names(out)} == {*manifest.files, "bundle.json"}
    assert manifest.variants["int8-shortlist"].cpu_features == VARIANTS["int8-shortlist"].cpu_features
    assert manifest.limits == {"context_tokens": 1024}
    assert manifest.provenance["base"]["weights_sha256"] == find_model(model).sha256
    assert {"torch", "onnxruntime"} <= manifest.provenance["libraries"].keys()
    check_evaluation(manifest.evaluation)
    for variant in manifest.variants:
        assert (manifest.variants[variant].memory_bytes or 0) > 10e6
        engine = load_engine(bundle, variant, 1)
        for seed in range(20):
            check_sentence(engine, seed)


def check_evaluation(evaluation: Any) -> None:
    assert evaluation["parity_with_transformers"]["prompt_count"] == 3
    assert evaluation["variants"][BASELINE]["greedy_agreement"] == 1.0
    for figures in evaluation["variants"].values():
        assert figures["size_bytes"] > 10_000
        assert 0 < figures["ms_128_plus_20"] < figures["ms_128_plus_48"]
        assert figures["agreement_tokens"] == evaluation["parity_with_transformers"]["token_count"]
    assert evaluation["ms_a_text_by_draft_tokens"].keys() == {"0", "4", "8"}


@pytest.mark.long
def test_an_encoder_decoder_is_made_and_replaces_an_older_bundle(tmp_path: Path) -> None:
    model = make_model("t5", tmp_path / "t5")
    make_bundle(tmp_path / "out")
    manifest = build_generative(model, tmp_path / "out", ["int8"], OPTIONS, lambda *_: None)
    assert read_bundle(tmp_path / "out").manifest == manifest
    # Float32 was needed for comparison, and was not asked for.
    assert manifest.variants.keys() == {"int8"}
    assert {*names(tmp_path / "out")} == {*manifest.files, "bundle.json"}
    assert not any("baseline" in name for name in manifest.files)
    assert manifest.engine_parameters["start_ids"] == [0]


def test_weights_that_export_otherwise_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really_read = conversion.read_architecture

    def read_then_change(model: Any, context_tokens: int) -> Any:
        architecture = really_read(model, context_tokens)
        model.lm_head = torch.nn.Linear(model.config.n_embd, model.config.vocab_size)
        return architecture

    monkeypatch.setattr(conversion, "read_architecture", read_then_change)
    model = make_model("gpt2", tmp_path / "gpt2")
    with pytest.raises(BuildError, match="does not write what transformers writes"):
        build_generative(model, tmp_path / "out", ["int8"], OPTIONS, lambda *_: None)
    assert names(tmp_path) == ["gpt2"]


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    model = make_model("gpt2", tmp_path / "gpt2")

    def interrupt(stage: str, _: float) -> None:
        if stage.startswith("exporting"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_generative(model, tmp_path / "out", ["int8"], OPTIONS, interrupt)
    assert names(tmp_path) == ["gpt2"]


def test_too_little_memory_is_said_before_anything_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "free_memory_bytes", lambda: 1)
    monkeypatch.setattr(conversion, "load_model", lambda _: pytest.fail("it was loaded"))
    model = make_model("gpt2", tmp_path / "gpt2")
    with pytest.raises(BuildError, match="too little memory"):
        build_generative(model, tmp_path / "out", [], OPTIONS, lambda *_: None)
    assert names(tmp_path) == ["gpt2"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"names": ["int3"]}, r"there is no variant 'int3'; choose among baseline, int8-dynamic, int8,"),
        ({"names": ["baseline"]}, r"baseline is for comparison only; name another of the --variants"),
        ({"options": Options(context_tokens=2000)}, r"reads 1024 tokens at most; ask for a --context of no more"),
        ({"options": Options(context_tokens=100)}, r"a context of 100 tokens leaves .*"),
        ({"options": Options(template="none")}, r"there is no template 'none'; choose one of"),
        ({"model": "/no/such/model"}, r"is not a directory; name one"),
    ],
)
def test_what_cannot_be_made_is_one_line_with_the_fix(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    given = {"model": make_model("gpt2", tmp_path / "gpt2"), "names": [], "options": OPTIONS} | changes
    with pytest.raises(BuildError, match=message) as raised:
        build_generative(given["model"], tmp_path / "out", given["names"], given["options"], lambda *_: None)
    assert "\n" not in str(raised.value)
    assert names(tmp_path) == ["gpt2"]


def test_another_directory_is_refused_before_the_model_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(BuildError, match="holds other files"):
        build_generative("a/b", tmp_path, [], OPTIONS, lambda *_: None)


def test_variants_of_the_output_layer_are_for_large_ones() -> None:
    assert choose_variants([], 50_304, 8192) == list(VARIANTS)
    small = choose_variants([], 16_000, 8192)
    assert {VARIANTS[name].head for name in small} == {HeadKind.FULL}
    assert choose_variants(["int8-shortlist", "int8", "int8-shortlist"], 100, 8192) == ["int8-shortlist", "int8"]


def test_the_table_of_a_large_model_fits_into_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    figures = {"size_bytes": 4_321e6, "greedy_agreement": 1.0, "peak_bytes": 4_321e6}
    figures |= {measuring.time_key(count): 12_345.6 for count in measuring.TIMED_TOKENS}
    manifest = SimpleNamespace(
        name="large",
        variants=dict.fromkeys(VARIANTS, VariantEntry("decode.onnx", None)),
        evaluation={"variants": dict.fromkeys(VARIANTS, figures), "threads": {"prompt": 2, "decode": 1}},
    )
    Console(width=80).print(_table(manifest))
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert all(name in shown for name in (*VARIANTS, "12,345.6", "100.0 %", "128+48", "yes"))


def test_a_form_that_any_processor_runs_is_in_every_bundle_and_comes_last() -> None:
    portable = [name for name, variant in VARIANTS.items() if not variant.cpu_features and name != BASELINE]
    assert portable
    assert set(portable) <= set(choose_variants([], 16_000, 8192))
    fast, slow, wrong = (
        measuring.Measured(1, measuring.Agreement(100, same), {20: ms, 48: 2 * ms})
        for same, ms in ((100, 1.0), (100, 9.0), (50, 5.0))
    )
    figures = {BASELINE: fast, "int8-portable": fast, "int8": slow, "int4": wrong}
    assert building._ranked(figures) == ["int8", "int4", "int8-portable", BASELINE]


def test_the_help_names_the_variants() -> None:
    shown = " ".join(CliRunner().invoke(cli, ["generate", "--help"]).output.split())
    assert f"into the bundle: {', '.join(VARIANTS)}. [default" in shown


def test_the_context_is_bounded_where_the_model_bounds_it(tmp_path: Path) -> None:
    source = find_model(make_model("t5", tmp_path / "t5"))
    assert choose_context(source, 2000) == 2000
    source = find_model(make_model("gpt_neox", tmp_path / "neox"))
    assert choose_context(source, None) == 1024
    assert choose_context(source, 600) == 600


@pytest.mark.parametrize(
    ("directory", "name"), [("SmolLM2-135M", "smollm2-135m"), ("Große Katze!", "gro-e-katze"), ("…", "model")]
)
def test_a_bundle_is_named_after_its_model(directory: str, name: str, tmp_path: Path) -> None:
    assert Origin.of(find_model(make_model("gpt2", tmp_path / directory))).bundle_name == name


def test_the_texts_are_fifty_different_ones() -> None:
    texts = (conversion.resources.files("briefd_build.generative") / "prompts.txt").read_text().splitlines()
    assert len(set(texts)) == 50
    assert all(20 < len(text.split()) < 100 for text in texts)
