from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.cues import read_cues
from briefd_server.engines.extractive.offers import Offer
from briefd_server.engines.extractive.prepare import prepare
from briefd_server.engines.extractive.setting import Setting, read_settings
from briefd_server.engines.extractive.standing import Standing
from briefd_server.engines.extractive.standing_features import FEATURES, WORTH, sentence_features
from briefd_server.text.blocks import Kind

ZEROS = dict.fromkeys(FEATURES, 0.0)
REPORT = read_annotated("The/1/det/DET pump/2/nsubj/NOUN failed/2/root/VERB")
REQUEST = read_annotated("Please/1/discourse/INTJ close/1/root/VERB the/3/det/DET valve/1/obj/NOUN")
QUIET = read_annotated("It/1/nsubj/PRON rained/1/root/VERB outside/1/advmod/ADV")


def offer(reading=QUIET, **setting) -> Offer:
    return Offer(reading, is_aside=False, is_question=False, setting=Setting(**setting))


def features(*offers: Offer) -> dict[str, list[float]]:
    return {name: column.tolist() for name, column in sentence_features(offers, [1.0] * len(offers), "en").items()}


def settings_of(text: str) -> list[Setting]:
    return read_settings(text, prepare(text, 1), "en")


@given(st.lists(st.tuples(readings(8), st.booleans(), st.booleans(), st.sampled_from(Kind)), min_size=1, max_size=20))
def test_every_text_has_all_features_as_finite_numbers(drawn):
    offers = [Offer(reading, aside, asks, Setting(kind=kind)) for reading, aside, asks, kind in drawn]
    found = sentence_features(offers, [-1e9, *[3.0] * (len(offers) - 1)], "en")
    assert found.keys() == FEATURES
    for name, column in found.items():
        assert column.shape == (len(offers),), name
        assert np.isfinite(column).all(), name


def test_a_sentence_holds_the_roles_of_its_cues():
    found = features(offer(), offer(REQUEST), offer(REPORT), offer(REQUEST))
    assert found["request"] == [0, 1, 0, 1]
    assert found["first_request"] == [0, 1, 0, 0]
    assert found["fault"] == [0, 0, 1, 0]
    assert found["pronoun_subject"] == [1, 0, 0, 0]
    assert found["is_order"] == [0, 0, 0, 0]


def test_ranks_compare_the_sentences_of_a_text():
    low, high = (read_annotated("rain/0/root/NOUN", prominence=value) for value in (-2.0, 3.0))
    assert features(offer(low), offer(high), offer(low))["prominence_rank"] == [0.25, 1.0, 0.25]


def test_the_heading_over_a_sentence_counts_by_the_words_that_it_shares():
    heading = offer(read_annotated("Pump/1/compound/NOUN failure/1/root/NOUN"), kind=Kind.HEADING, is_title=True)
    assert features(heading, offer(REPORT), offer(QUIET))["heading_overlap"] == [0.0, 0.5, 0.0]


def test_features_of_messages_are_those_of_short_texts_that_report_no_study():
    study = offer(read_annotated("We/1/nsubj/PRON propose/1/root/VERB pumps/1/obj/NOUN"))
    assert features(offer(REQUEST))["message:request"] == [1]
    assert features(study, offer(REQUEST))["message:request"] == [0, 0]
    assert not any(features(*[offer(REQUEST)] * 40)["message:request"])


@pytest.mark.parametrize("name", ["request", "fault", WORTH])
def test_weights_decide(name):
    standing = Standing({**ZEROS, name: 2.0}, "en")
    worths = standing([offer(), offer(REQUEST), offer(REPORT)]).standings([1.0, 2.0, 3.0])
    best = {"request": 1, "fault": 2, WORTH: 2}[name]
    assert worths.index(max(worths)) == best
    assert standing([]).standings([]) == []


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([], "must be an object"),
        ({**ZEROS, "colour": 1.0}, "unknown feature 'colour'"),
        ({name: 0.0 for name in FEATURES if name != "depth"}, "lacks the feature 'depth'"),
        ({**ZEROS, "depth": "deep"}, "weight of depth must be a number"),
        ({**ZEROS, "depth": float("nan")}, "weight of depth must be a number"),
        ({**ZEROS, "depth": True}, "weight of depth must be a number"),
    ],
)
def test_a_bad_table_is_refused_in_one_line(table, message):
    with pytest.raises(ValueError, match=re.escape(message)) as refused:
        Standing.from_json(table, "en")
    assert "\n" not in str(refused.value)


def test_a_language_without_cues_is_refused():
    with pytest.raises(ValueError, match="no cues of xx"):
        Standing.from_json(ZEROS, "xx")
    assert Standing.from_json(ZEROS, "en-GB").language == "en"


def test_phrases_are_found_where_all_their_words_stand():
    cues = read_cues("en", ("decision", "connective"))
    assert cues.count("they signed off on it".split()) == [1, 0]
    assert cues.count("they signed it".split()) == [0, 0]
    assert cues.at_start("for example this".split()) == [False, True]
    assert cues.at_start([]) == [False, False]


def test_the_subject_of_a_mail_is_its_title():
    text = "From: Ann <a@b.example>\nSubject: The pump failed again\n\nPlease come and look at it today!\n"
    titles = [setting.is_title for setting in settings_of(text)]
    assert titles == [False, True, False]
    assert settings_of(text)[-1].exclaims


def test_a_log_line_is_as_severe_as_it_says():
    text = "2025-03-04 10:00:01 ERROR disk is full\n2025-03-04 10:00:02 INFO retrying the write now\n"
    assert [setting.severity for setting in settings_of(text)] == [1.0, 0.0]
