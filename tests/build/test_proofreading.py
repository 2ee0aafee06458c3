"""Training the proof-reader: from judged candidates to calibrated weights that a bundle takes."""

from __future__ import annotations

import json
import random
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tiny_corpus import write_corpus, write_gzipped

from briefd_build.cli import cli
from briefd_build.errors import BuildError
from briefd_build.proofreading.calibration import calibration_error, fit_calibration
from briefd_build.proofreading.examples import Judged
from briefd_build.proofreading.fitting import fit_network
from briefd_build.proofreading.outputs import Outputs, outputs_of
from briefd_build.proofreading.training import train_proof_reader
from briefd_server.bundle import read_bundle
from briefd_server.engines import load_engine
from briefd_server.engines.base import Task, UnwatchedCall
from briefd_server.engines.extractive.proofreading.features import FEATURES
from briefd_server.engines.extractive.proofreading.trained import Network, probability


def ignore(_share: float) -> None:
    """Tell nobody."""


def judged_by(feature: str, sentences: int, seed: int) -> list[Judged]:
    """Make sentences with ten candidates each that are sound, mostly, where one feature is small."""
    chance = np.random.default_rng(seed)
    made = []
    for number in range(sentences):
        features = chance.normal(size=(10, len(FEATURES))).astype(np.float32)
        sound = features[:, FEATURES.index(feature)] + 0.5 * chance.normal(size=10) < 0.5
        made.append(Judged(number % 4, 20, chance.normal(size=10), features, np.column_stack([sound, sound])))
    return made


def test_a_network_learns_what_makes_candidates_sound_and_the_same_again() -> None:
    judged = judged_by("needed sum", 400, 1)
    network, again = (fit_network(judged, 3, ignore) for _ in range(2))
    assert network.to_json() == again.to_json()
    outputs = outputs_of(network, judged_by("needed sum", 60, 2))
    figures = outputs.figures()
    assert figures["AUC of good candidates"] > 0.8
    assert figures["any fault, after"] < figures["any fault, before"] / 2
    assert figures["any fault, best possible"] <= figures["any fault, after"]


def test_outputs_of_parts_are_those_of_all() -> None:
    network = fit_network(judged_by("cuts", 40, 1), 3, ignore)
    judged = judged_by("cuts", 40, 2)
    joined = Outputs.join([outputs_of(network, judged[:20]), outputs_of(network, judged[20:])])
    assert joined.figures() == outputs_of(network, judged).figures()


@given(st.floats(0.1, 3), st.floats(-2, 2), st.integers(0, 2**32))
def test_calibration_finds_the_slope_and_the_offset(slope: float, offset: float, seed: int) -> None:
    chance = np.random.default_rng(seed)
    log_odds = chance.normal(size=5_000) * 2
    happened = chance.random(5_000) < probability(slope * log_odds + offset)
    found = fit_calibration(log_odds, happened)
    assert found == pytest.approx((slope, offset), abs=0.4)
    assert calibration_error(probability(found[0] * log_odds + found[1]), happened) < 0.04


@given(
    st.lists(st.tuples(st.floats(-30, 30), st.booleans()), min_size=1, max_size=30),
)
def test_calibrated_confidence_never_falls_as_log_odds_rise(events: list[tuple[float, bool]]) -> None:
    log_odds, happened = (np.array(column) for column in zip(*events, strict=True))
    slope, offset = fit_calibration(log_odds, happened)
    assert slope >= 0
    assert np.isfinite([slope, offset]).all()


def test_calibration_error_is_the_gap_between_what_was_said_and_what_happened() -> None:
    happened = np.array([True] * 9 + [False])
    assert calibration_error(np.full(10, 0.9), happened, bins=1) == pytest.approx(0.0)
    assert calibration_error(np.full(10, 0.4), happened, bins=1) == pytest.approx(0.5)


# "In May the old pump in the cellar …, which the station …, stopped again near the harbour, the police said …"
_PATTERN = """
In ADP 2 case
{month} PROPN 13 obl
the DET 5 det
{adjective} ADJ 5 amod
{subject} NOUN 13 nsubj
in ADP 8 case
the DET 8 det
{place} NOUN 5 nmod
which PRON 12 obj
the DET 11 det
mayor NOUN 12 nsubj
bought VERB 5 acl:relcl
stopped VERB 0 root
again ADV 13 advmod
near ADP 17 case
the DET 17 det
gate NOUN 13 obl
because SCONJ 21 mark
its PRON 20 nmod:poss
filter NOUN 21 nsubj
broke VERB 13 advcl
twice ADV 21 advmod
"""


def write_treebanks(data: Path) -> None:
    """Write development and test treebanks of a few documents of long sentences, all of one grammar."""
    chance = random.Random(7)
    for folder in ("ud_english_ewt", "gum"):
        for part in ("dev", "test"):
            lines = []
            for document in range(4):
                lines.append(f"# newdoc id = {document}")
                for _ in range(3):
                    lines += [*conllu_rows(chance), ""]
            write_gzipped(data / folder / f"{part}.conllu.gz", "\n".join(lines) + "\n")


def conllu_rows(chance: random.Random) -> list[str]:
    pattern = _PATTERN.format(
        month=chance.choice(["May", "June"]),
        adjective=chance.choice(["old", "new", "small"]),
        subject=chance.choice(["pump", "boiler", "engine"]),
        place=chance.choice(["cellar", "village"]),
    )
    rows = enumerate(map(str.split, pattern.strip().splitlines()), start=1)
    return [f"{n}\t{form}\t_\t{tag}\t_\t_\t{head}\t{relation}\t_\t_" for n, (form, tag, head, relation) in rows]


def test_the_command_trains_a_proof_reader_that_the_bundle_takes(tmp_path: Path) -> None:
    data, bundle, out = tmp_path / "data", tmp_path / "bundle", tmp_path / "proof_reader.json"
    write_corpus(data)
    write_treebanks(data)
    bundle.mkdir()
    for file in (resources.files("briefd_server") / "bundles" / "default-en").iterdir():
        (bundle / file.name).write_bytes(file.read_bytes())
    command = ["proof-read", str(bundle), "--data", str(data), "--out", str(out), "--install"]
    result = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "calibration error" in result.output
    network = Network.from_json(json.loads(out.read_text(encoding="utf-8")))
    assert network.calibration[0] >= 0
    opened = read_bundle(bundle)
    assert opened.manifest.engine_parameters["proof_reader"] == network.to_json()
    text = "The old pump that had filled the tank in the village for thirty years stopped again on the third of May."
    assert 10 <= load_engine(opened, "optimized", 1).summarize(Task(text), UnwatchedCall()).word_count <= 15


def test_the_command_asks_where_to_put_it(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["proof-read", str(tmp_path)])
    assert result.exit_code == 2
    assert "--out FILE, --install, or both" in result.output


def test_too_little_to_learn_from_is_one_clear_error(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    write_gzipped(tmp_path / "ud_english_ewt" / "dev.conllu.gz", "")
    bundle = resources.files("briefd_server") / "bundles" / "default-en"
    with pytest.raises(BuildError, match="too few documents for a proof-reader"):
        train_proof_reader(read_bundle(Path(str(bundle))), tmp_path, 1, lambda _what, _share: None)
