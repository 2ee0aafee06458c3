"""The proof-reader: what it measures, what it says of candidates, and which weights it takes."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentence_readings import candidates, doubtful_readings, read_annotated, sure_arcs

from briefd_server.engines.extractive.proofreading import NoProofReader, trained
from briefd_server.engines.extractive.proofreading.features import FEATURES, measure
from briefd_server.engines.extractive.proofreading.ranking import worth
from briefd_server.engines.extractive.proofreading.relation_classes import BEARING, CLASSES, NEEDED, class_of
from briefd_server.engines.extractive.proofreading.trained import Network, TrainedProofReader
from briefd_server.engines.extractive.reading import SentenceReading


def random_network(seed: int, units: int = 3) -> Network:
    chance = np.random.default_rng(seed)
    count = len(FEATURES)

    def weights(*shape: int) -> np.ndarray:
        return chance.normal(size=shape).astype(np.float32)

    return Network(
        weights(count), np.exp(weights(count)), weights(count + 1, units), weights(units + 1, 2), (0.5, -0.25)
    )


def features(reading: SentenceReading, kept: np.ndarray) -> dict[str, np.ndarray]:
    assert reading.find_arcs is not None
    return dict(zip(FEATURES, measure(reading, reading.find_arcs(), kept).T, strict=True))


both = doubtful_readings().flatmap(lambda reading: st.tuples(st.just(reading), candidates(len(reading))))
networks = st.integers(0, 2**32).map(random_network)


@given(both)
def test_every_feature_is_a_number_and_whole_sentences_lose_nothing(given_both: tuple) -> None:
    reading, kept = given_both
    measured = features(reading, np.vstack([kept, np.ones(len(reading), dtype=bool)]))
    assert all(np.isfinite(column).all() for column in measured.values())
    losses = [name for name in FEATURES if name.split()[0] in {"needed", "bearing", "cut", "cuts", "figures"}]
    assert {name: measured[name][-1] for name in losses} == dict.fromkeys(losses, 0.0)


@given(both, networks, st.randoms(use_true_random=False))
def test_verdicts_are_probabilities_whatever_the_order(given_both: tuple, network: Network, chance) -> None:
    reading, kept = given_both
    order = list(range(len(kept)))
    chance.shuffle(order)
    verdicts, shuffled = (TrainedProofReader(network).read(reading, each) for each in (kept, kept[order]))
    for one, other in zip(verdicts, shuffled, strict=True):
        assert one is not None
        assert other is not None
        assert ((one >= 0) & (one <= 1)).all()
        np.testing.assert_allclose(one[order], other, rtol=1e-4, atol=1e-6)
        assert (one[kept.all(axis=1)] == 1).all()


@given(both, networks)
def test_long_sentences_are_read_in_batches(given_both: tuple, network: Network) -> None:
    reading, kept = given_both
    at_once = TrainedProofReader(network).read(reading, kept)
    with patch.object(trained, "_WORDS_AT_ONCE", 2 * len(reading)):
        two_by_two = TrainedProofReader(network).read(reading, kept)
    np.testing.assert_allclose(at_once.good, two_by_two.good, rtol=1e-4, atol=1e-6)


@given(both)
def test_a_word_that_nobody_could_need_costs_nothing(given_both: tuple) -> None:
    reading, kept = given_both
    arcs = reading.find_arcs()
    is_needed = {relation for relation in arcs.relation_names if class_of(relation) in NEEDED}
    unneeded = arcs.relations * [name not in is_needed for name in arcs.relation_names]
    harmless = replace(reading, find_arcs=lambda: replace(arcs, relations=unneeded))
    assert (features(harmless, kept)["needed sum"] == 0).all()
    assert (features(reading, kept)["needed sum"] >= 0).all()


PUMP = (
    "The/1/det/DET pump/2/nsubj/NOUN broke/2/root/VERB in/6/case/ADP the/6/det/DET old/6/amod/ADJ hall/2/obl/NOUN "
    "again/2/advmod/ADV"
)
PUMP_READING = replace(read_annotated(PUMP), find_arcs=lambda: sure_arcs(read_annotated(PUMP)))


def row(*dropped: str) -> np.ndarray:
    return np.array([[word not in dropped for word in PUMP_READING.words]])


def test_a_needed_word_costs_where_its_head_is_kept() -> None:
    assert features(PUMP_READING, row("again"))["needed sum"] == 0
    assert features(PUMP_READING, row("in", "the", "old", "hall"))["needed sum"] == 0
    assert features(PUMP_READING, row("in"))["needed sum"] > 5
    assert features(PUMP_READING, row("in", "the"))["needed sum"] > features(PUMP_READING, row("in"))["needed sum"]


def test_doubt_is_counted() -> None:
    """The less likely it is that a kept word needs "pump", the less it costs to drop it."""
    sure = sure_arcs(PUMP_READING)
    costs = []
    for probability in (0.9, 0.5, 0.1):
        relations = sure.relations.copy()
        relations[1] *= probability
        reading = replace(PUMP_READING, find_arcs=lambda relations=relations: replace(sure, relations=relations))
        costs.append(float(features(reading, row("The", "pump"))["needed sum"][0]))
    np.testing.assert_allclose(costs, -np.log([0.1, 0.5, 0.9]), rtol=1e-4)


def test_what_is_kept_apart_costs() -> None:
    assert features(PUMP_READING, row("again"))["apart sum"] == 0
    assert features(PUMP_READING, row("hall"))["apart sum"] > 5


def test_figures_and_names_that_go_are_counted() -> None:
    reading = read_annotated(
        "Anna/3/nsubj/PROPN Ruiz/0/flat/PROPN has/3/aux/AUX sold/3/root/VERB 14/5/nummod/NUM pumps/3/obj/NOUN"
    )
    reading = replace(reading, find_arcs=lambda: sure_arcs(reading))
    measured = features(reading, np.array([[True, False, True, True, False, True]]))
    assert (measured["figures"], measured["figures cut"], measured["capitals torn"]) == (1, 1, 1)


def test_relations_with_unknown_subtypes_are_classed_by_what_they_refine() -> None:
    assert class_of("nsubj:caus") == class_of("nsubj") == "argument"
    assert class_of("obl:mod") == class_of("obl") == "oblique"
    assert class_of("obl:agent") == "argument"
    assert class_of("acl:relcl") == "relative"
    assert class_of("unheard") == "other"
    assert set(CLASSES) >= NEEDED | BEARING


def test_weights_are_written_and_read() -> None:
    network = random_network(5)
    again = Network.from_json(network.to_json())
    for name in ("means", "deviations", "hidden", "output", "calibration"):
        np.testing.assert_allclose(getattr(again, name), getattr(network, name), rtol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": ["kept"]}, "other features; rebuild the bundle"),
        ({"means": [0.0]}, "means must be numbers"),
        ({"hidden": None}, "hidden must be numbers"),
        ({"output": [[float("nan"), 1.0]] * 4}, "output must be finite"),
        ({"deviations": [0.0] * len(FEATURES)}, "must not be negative"),
        ({"calibration": [-1.0, 0.0]}, "must not be negative"),
    ],
)
def test_other_weights_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Network.from_json({**random_network(5).to_json(), **change})


def test_no_proof_reader_thinks_all_alike() -> None:
    verdicts = NoProofReader().read(PUMP_READING, np.vstack([row("in"), row("again")]))
    assert verdicts.good.tolist() == [1.0, 1.0]
    assert verdicts.confidence is None


def test_a_reading_without_arcs_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a reading with arcs"):
        TrainedProofReader(random_network(5)).read(read_annotated(PUMP), row("in"))


@given(st.floats(-100, 100), st.floats(0, 1), st.floats(0, 1))
def test_of_two_that_are_worth_the_same_the_better_one_is_worth_more(total: float, good: float, other: float) -> None:
    first, second = worth(np.array([total, total]), np.array([good, other]))
    assert (first >= second) if good >= other else (first <= second)
    assert np.isfinite([first, second]).all()
