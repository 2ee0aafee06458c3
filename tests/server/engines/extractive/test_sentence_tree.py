"""What the rules ask of a sentence's tree."""

from __future__ import annotations

from hypothesis import given
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.roles import read_roles
from briefd_server.engines.extractive.sentence_tree import SentenceTree, chain_conjuncts

ROLES = read_roles("en")


def chained(reading: SentenceReading) -> list[int]:
    return chain_conjuncts(list(reading.heads), list(reading.relations))


def test_a_list_hangs_on_the_member_with_the_conjunction() -> None:
    bread = read_annotated("bread/0/root/NOUN salt/0/conj/NOUN oil/0/conj/NOUN and/4/cc/CCONJ wine/0/conj/NOUN")
    assert chained(bread) == [0, 4, 4, 4, 0]
    without_link = read_annotated("bread/0/root/NOUN salt/0/conj/NOUN oil/0/conj/NOUN")
    assert chained(without_link) == [0, 0, 0]


@given(readings())
def test_a_chained_tree_is_a_tree(reading: SentenceReading) -> None:
    heads = chained(reading)
    (root,) = (word for word, head in enumerate(reading.heads) if head == word)
    for start in range(len(heads)):
        word = start
        for _ in heads:
            word = heads[word]
        assert word == root


@given(readings())
def test_what_is_found_once_is_what_the_arcs_say(reading: SentenceReading) -> None:
    tree = SentenceTree(reading, ROLES)
    below: dict[int, set[int]] = {word: {word} for word in range(len(tree))}
    for word in reversed(tree.order):
        if tree.heads[word] != word:
            below[tree.heads[word]] |= below[word]
    assert sorted(tree.order) == list(range(len(tree)))
    for word in range(len(tree)):
        assert (tree.leftmost[word], tree.rightmost[word]) == (min(below[word]), max(below[word]))
        assert tree.conjuncts[word] == [child for child in tree.children[word] if tree.relations[child] == "conj"]
        assert tree.is_clause(word) == any(
            "subj" in relation or relation == "expl" for relation in tree.child_relations[word]
        )
