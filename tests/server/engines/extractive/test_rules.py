"""Every rule of what may be cut has examples: small trees in `rules/`, judged without a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.costs import Costs
from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.rules import Rules
from briefd_server.engines.extractive.rules.grades import DENYING, GRADES, WIDENING
from briefd_server.engines.extractive.rules.table import ALL_RULES

EXAMPLES = Path(__file__).parent / "rules"


def read_examples() -> Iterator[tuple[str, int, str, SentenceReading]]:
    """Read the rule, the cut word's position, the text and the tree of every example."""
    for file in sorted(EXAMPLES.glob("*.conllu")):
        for block in file.read_text(encoding="utf-8").strip().split("\n\n"):
            lines = block.splitlines()
            facts = dict(line[2:].split(" = ", maxsplit=1) for line in lines if line.startswith("#"))
            rows = [line.split("\t") for line in lines if not line.startswith("#")]
            yield facts["rule"], int(facts["cut"]) - 1, facts["text"], tree_of(rows)


def tree_of(rows: list[list[str]]) -> SentenceReading:
    """Make a reading of CoNLL-U rows; a mark before a word stands in the last column."""
    heads = [int(row[6]) - 1 if row[6] != "0" else number for number, row in enumerate(rows)]
    zeros = np.zeros(len(rows))
    marks = {number: row[9].partition("=")[2] for number, row in enumerate(rows) if row[9].startswith("Mark=")}
    words, relations, tags = ([row[column] for row in rows] for column in (1, 7, 3))
    return SentenceReading(words, heads, relations, tags, zeros, zeros, 0.0, separators=marks)


@pytest.mark.parametrize(("rule", "cut", "text", "tree"), list(read_examples()), ids=lambda value: str(value)[:40])
def test_the_rule_decides_on_its_example(rule: str, cut: int, text: str, tree: SentenceReading) -> None:
    assert Rules(tree).ruling(cut).rule == rule


def test_every_rule_has_an_example() -> None:
    assert {rule.name for rule in ALL_RULES} <= {rule for rule, *_ in read_examples()}


@given(readings())
def test_whatever_the_tree_every_word_gets_a_ruling(reading: SentenceReading) -> None:
    rules, prices = Rules(reading), Costs().prices
    for word in range(len(reading)):
        ruling = rules.ruling(word)
        assert ruling.price in GRADES or f"price:{ruling.price}" == ruling.rule
        assert rules.price(word) in prices or rules.price(word).split(":")[0] in prices | {"root": 0} or ruling.rule


PUPILS = (
    "{}/2/det/DET old/2/amod/ADJ pupils/3/nsubj/NOUN {}/3/root/VERB a/5/det/DET fee/3/obj/NOUN in/7/case/ADP "
    "May/3/obl/PROPN"
)


@pytest.mark.parametrize("determiner", ["No", "Every", "All", "Most", "Few"])
def test_a_restriction_of_a_quantified_noun_stays(determiner: str) -> None:
    rules = Rules(read_annotated(PUPILS.format(determiner, "paid")))
    assert rules.ruling(1).rule == "restriction-of-quantified"
    assert Rules(read_annotated(PUPILS.format("Some", "paid"))).ruling(1).price == "amod:new"


def test_two_negations_turn_the_polarity_back() -> None:
    leave = (
        "Nobody/1/nsubj/PRON {}/1/root/VERB to/3/mark/PART leave/1/xcomp/VERB the/6/det/DET old/6/amod/ADJ "
        "hall/3/obj/NOUN"
    )
    assert Rules(read_annotated(leave.format("wanted"))).polarity.reaches(5) < 0
    assert Rules(read_annotated(leave.format("refused"))).polarity.reaches(5) > 0


def test_a_deeper_negation_is_graded_higher() -> None:
    stop = read_annotated(
        "It/3/nsubj/PRON did/3/aux/AUX not/3/advmod/PART stop/3/root/VERB at/5/case/ADP noon/3/obl/NOUN"
    )
    rules = Rules(stop)
    assert rules.ruling(2).price == DENYING
    assert GRADES.index(rules.ruling(5).price) > GRADES.index(DENYING)


def test_what_is_set_off_is_an_ornament() -> None:
    stopped = read_annotated("Pumps/4/nsubj/NOUN old/0/acl/ADJ by/3/case/ADP now/1/obl/ADV stop/4/root/VERB")
    assert Rules(stopped).ruling(1).price != "acl:ornament"
    assert Rules(replace(stopped, separators={1: ",", 4: ","})).ruling(1).rule == "price:acl:ornament"
    assert WIDENING in GRADES
