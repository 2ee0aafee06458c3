"""The default bundle as the ranker of long texts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from serving import REPOSITORY

from briefd_server.engines.base import CallStopped, UnwatchedCall
from briefd_server.engines.generative.ranking import DefaultBundleRanker
from briefd_server.text.words import count_words

ARTICLE = (REPOSITORY / "examples/long-article.txt").read_text(encoding="utf-8")
CALL = UnwatchedCall()


@pytest.fixture(scope="module")
def ranker() -> DefaultBundleRanker:
    return DefaultBundleRanker(1)


def test_every_sentence_has_its_place_and_worth(ranker: DefaultBundleRanker) -> None:
    ranked = ranker.rank(ARTICLE, CALL)
    assert len(ranked) > 50
    for before, after in pairwise(ranked):
        assert before.start < before.end <= after.start
    assert all(count_words(ARTICLE[each.start : each.end]) for each in ranked)


def test_the_lead_is_worth_more_than_the_same_sentence_later(ranker: DefaultBundleRanker) -> None:
    sentence = "The council will close the old bridge in May."
    first, *_, last = ranker.rank(" ".join([sentence] * 30), CALL)
    assert first.worth > last.worth


def test_boilerplate_is_worth_less_than_news(ranker: DefaultBundleRanker) -> None:
    text = "All rights reserved.\n\nThe council will close the old bridge in May, because its piers are cracked."
    notice, news = ranker.rank(text, CALL)
    assert notice.worth < news.worth


@pytest.mark.parametrize("most_words", [1, 2, 20, 200])
def test_a_sentence_is_said_in_fewer_of_its_words(ranker: DefaultBundleRanker, most_words: int) -> None:
    words = ARTICLE.replace(".", "").replace("?", "").replace("!", "").split()[:400]
    said = ranker.compress(" ".join(words), most_words, CALL)
    assert (most_words + 1) // 2 <= count_words(said) <= most_words


class StoppedCall(UnwatchedCall):
    def checkpoint(self) -> None:
        raise CallStopped


def test_a_stopped_call_ends(ranker: DefaultBundleRanker) -> None:
    with pytest.raises(CallStopped):
        ranker.rank(ARTICLE, StoppedCall())
    with pytest.raises(CallStopped):
        ranker.compress(ARTICLE, 10, StoppedCall())
