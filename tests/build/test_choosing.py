from __future__ import annotations

import gzip
import json
from hashlib import sha256
from importlib import resources
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from briefd_build.choosing.fitting import Choice, fit_weights
from briefd_build.choosing.learning import wanted_distribution
from briefd_build.choosing.nearness import nearness
from briefd_build.choosing.pairs import SOURCES, read_pairs
from briefd_build.choosing.picked import PICKED, read_picked
from briefd_build.choosing.rating import rate_text
from briefd_build.choosing.set_aside import is_set_aside
from briefd_build.choosing.texts import ChoiceText, lay_out, read_messages, sample
from briefd_build.cli import cli
from briefd_build.corpora.conllu import TreebankDocument, TreebankSentence
from briefd_build.encoder.bundling import learned_standing
from briefd_server.bundle import read_bundle
from briefd_server.engines.extractive import load, read_parameters
from briefd_server.engines.extractive.standing import Standing
from briefd_server.engines.extractive.standing_features import FEATURES, WORTH

ARTICLE = "The old bridge over the river closed on Monday. It was built in 1931. Cars have to go round by Marlow."


def softmax(scores):
    odds = np.exp(scores - scores.max())
    return odds / odds.sum()


def test_nearness_is_rouge_1_and_2_over_stems():
    near, other = nearness(["The pumps failed twice", "It rained"], ["The pump failed"])
    assert near == pytest.approx(2 * 3 / 7 + 2 * 2 / 5)
    assert other == 0.0
    assert nearness(["The pump failed"], ["The pump failed", "Rain"]) == [pytest.approx(1.0)]


def test_the_fit_finds_the_weights_that_choices_were_made_by():
    chance = np.random.default_rng(7)
    true = np.array([1.5, -0.7, 0.0])
    texts = [chance.normal(size=(chance.integers(2, 9), 3)) for _ in range(400)]
    choices = [Choice(features, softmax(features @ true), 1.0) for features in texts]
    assert fit_weights(choices, 1e-8) == pytest.approx(true, abs=1e-3)


def test_a_text_counts_by_its_weight_and_a_constant_feature_not_at_all():
    features = np.array([[1.0, 3.0], [0.0, 3.0]])
    first, second = (Choice(features, np.array(wanted), weight) for wanted, weight in (([1, 0], 3.0), ([0, 1], 1.0)))
    weight, constant = fit_weights([first, second], 1e-9)
    assert weight == pytest.approx(np.log(3), abs=1e-3)
    assert constant == 0.0


def test_the_penalty_shrinks():
    choice = Choice(np.array([[1.0], [0.0]]), np.array([1.0, 0.0]), 1.0)
    loose, tight = (abs(fit_weights([choice], penalty)[0]) for penalty in (0.001, 1.0))
    assert tight < loose


def test_equally_good_sentences_are_wanted_equally():
    assert wanted_distribution(np.array([1.0, 0.0, 1.0])) == pytest.approx([0.5, 0.0, 0.5], abs=1e-4)


def test_set_aside_are_those_of_the_lowest_digests():
    assert is_set_aside("gum", "GUM_academic_census")
    assert not is_set_aside("gum", "GUM_academic_exposure")
    assert not is_set_aside("rustsec", "GUM_academic_census")


def test_a_sample_is_the_same_every_time():
    texts = [ChoiceText(str(number), "news", "news", "") for number in range(20)]
    taken = sample(texts, 5)
    assert taken == sample(reversed(texts), 5)
    assert taken[0] == min(texts, key=lambda text: sha256(text.identifier.encode()).hexdigest())


def test_a_treebank_document_is_laid_out_by_its_paragraphs():
    sentences = tuple(
        TreebankSentence((), {"text": text, **({"newpar": ""} if starts else {})})
        for text, starts in (("One.", True), ("Two.", False), ("Three.", True))
    )
    assert lay_out(TreebankDocument(sentences, {})) == "One. Two.\nThree."


def write_pairs(folder, source, *records):
    lines = [
        json.dumps({"lang": "en", "split": "train", "summary": None, "url_or_path": str(number), **record})
        for number, record in enumerate(records)
    ]
    with gzip.open(folder / f"{source}.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


def test_of_pairs_only_statements_count(tmp_path):
    for source in ("curl_sec", "go_vulndb", "haskell_sec"):
        write_pairs(tmp_path, source)
    fitting = {"text": ARTICLE, "title": "Bridge over the river closed on Monday", "title_in_text": 1.0}
    write_pairs(
        tmp_path,
        "rustsec",
        fitting,
        {**fitting, "title": "Bridge closed"},
        {**fitting, "title_in_text": 0.4},
        {**fitting, "split": "dev"},
        {**fitting, "lang": "de"},
        {
            **fitting,
            "title": "Bridge",
            "summary": "The bridge closed.",
            "summary_in_text": 1.0,
            "summary_in_lead3": 1.0,
        },
    )
    read = read_pairs(tmp_path, "advisories", "train", 10)
    assert {text.identifier for text in read} == {"rustsec:0", "rustsec:5"}
    assert {text.references for text in read} == {(fitting["title"],), ("The bridge closed.",)}
    assert len(read_pairs(tmp_path, "advisories", "train", 1)) == 1


@pytest.fixture(scope="module")
def default_bundle():
    return Path(str(resources.files("briefd_server") / "bundles" / "default-en"))


@pytest.fixture(scope="module")
def reader(default_bundle):
    bundle = read_bundle(default_bundle)
    engine, costs = load(bundle, "optimized", 1), read_parameters(bundle.manifest).costs
    return SimpleNamespace(rate=lambda text: rate_text(engine, costs, text, "en"))


def test_wanted_passages_are_found_across_line_breaks(reader):
    text = ChoiceText(
        "a", "messages", "note", ARTICLE.replace("have to", "have\nto"), wanted=("Cars have to go round by Marlow.",)
    )
    assert reader.rate(text).quality.tolist() == [0.0, 0.0, 1.0]


def test_a_second_choice_is_better_than_the_rest(reader):
    text = ChoiceText(
        "a",
        "picked",
        "note",
        ARTICLE,
        wanted=("Cars have to go round by Marlow.",),
        acceptable=("It was built in 1931.",),
    )
    assert reader.rate(text).quality.tolist() == [0.0, 0.85, 1.0]


def test_the_marked_texts_are_found_by_their_marks(tmp_path):
    messages = Path(str(resources.files("briefd_build") / "corpora" / "data" / "messages-en.jsonl"))
    for folder in ("pairs", "ud_english_ewt"):
        (tmp_path / folder).mkdir()
    gzip.open(tmp_path / "ud_english_ewt" / "train.conllu.gz", "wt").close()
    for source in " ".join(SOURCES.values()).split():
        write_pairs(tmp_path / "pairs", source)
    picked = read_picked(tmp_path, messages)
    assert {text.group for text in picked} == {PICKED}
    assert len(picked) > 200
    assert all(
        text.wanted and all(passage and passage == passage.strip() for passage in text.wanted) for text in picked
    )


def test_the_sentence_that_the_summary_says_is_the_best(reader):
    rated = reader.rate(ChoiceText("a", "news", "news", ARTICLE, references=("The bridge closed on Monday",)))
    assert rated.quality.argmax() == 0
    assert len(rated.offers) == len(rated.totals) == len(rated.sentences) == 3
    assert reader.rate(ChoiceText("b", "news", "news", " . \n", references=("Nothing",))) is None


def test_messages_are_read_with_their_wanted_sentences(tmp_path):
    record = {"id": "m1", "genre": "mail", "text": ARTICLE, "wanted": ["It was built in 1931."]}
    path = tmp_path / "messages.jsonl"
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    (read,) = read_messages(path)
    assert (read.identifier, read.group, read.genre, read.wanted) == (
        "m1",
        "messages",
        "mail",
        ("It was built in 1931.",),
    )


def test_what_learning_needs_is_named(default_bundle, tmp_path):
    data = tmp_path / "nothing"
    data.mkdir()
    arguments = ["learn-choice", str(default_bundle), "--data", str(data), "--out", str(tmp_path / "out.json")]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code != 0
    assert not (tmp_path / "out.json").exists()


def test_the_table_that_bundles_are_written_with_has_every_feature():
    standing = Standing.from_json(learned_standing(), "en")
    assert standing.weights.keys() == FEATURES
    assert standing.weights[WORTH] > 0
