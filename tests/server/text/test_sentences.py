from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_server.text.blocks import Kind
from briefd_server.text.sentences import find_sentences
from briefd_server.text.words import find_words

CHARACTERS = "aZ5 .,;:!?-—…'\"’”()[]>|*#`~_\n\n\t\r\xa0。，é我\u0301\u200b\ufeff\u2028\x0b"
STRINGS = ["U.S.", "Mr.", "no. 5", "\r\n", "```", "- ", "1. ", "From: ", "12:00:00 ", "| a | b |", "://", "The ", "\n>"]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from([*CHARACTERS, *STRINGS]), max_size=60).map("".join))


def split(text: str) -> list[str]:
    return [" ".join(text[s.start : s.end].split()) for s in find_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n --- \n ... ", []),
        ("One word", ["One word"]),
        ("The\npump\nin\nthe\ncellar\nhas\nstopped.", ["The pump in the cellar has stopped."]),
        ("The pump\nin the\ncellar has\nstopped. It\nis old.", ["The pump in the cellar has stopped.", "It is old."]),
        ("milk\nbread\neggs\nflour", ["milk", "bread", "eggs", "flour"]),
        ("WATCH 29 IS IN\nEFFECT UNTIL NOON.", ["WATCH 29 IS IN EFFECT UNTIL NOON."]),
        ("It stopped. It started! Did it? Yes", ["It stopped.", "It started!", "Did it?", "Yes"]),
        ("it stopped. it started. ok", ["it stopped.", "it started.", "ok"]),
        ("IT STOPPED. CALL JOE.", ["IT STOPPED.", "CALL JOE."]),
        ("Mr. Smith met Dr. Jones. They left.", ["Mr. Smith met Dr. Jones.", "They left."]),
        ("GEN. SMITH LEFT. HE IS OUT.", ["GEN. SMITH LEFT.", "HE IS OUT."]),
        ("J. R. R. Tolkien wrote it. We read it.", ["J. R. R. Tolkien wrote it.", "We read it."]),
        ("The U.S. Senate met in the U.S. It voted.", ["The U.S. Senate met in the U.S.", "It voted."]),
        ("Acme Inc. shares rose. Acme Inc. The firm fell.", ["Acme Inc. shares rose.", "Acme Inc.", "The firm fell."]),
        ("Come at 4 p.m. The bus waits.", ["Come at 4 p.m.", "The bus waits."]),
        ("Come at 4 p.m. Monday. Or at 5 a.m. EST.", ["Come at 4 p.m. Monday.", "Or at 5 a.m. EST."]),
        ("See p. 5, fig. 2 and No. 7. I said no. Really.", ["See p. 5, fig. 2 and No. 7.", "I said no.", "Really."]),
        (
            "Tools, e.g. The Hammer, i.e. big ones, etc. Then rest.",
            ["Tools, e.g. The Hammer, i.e. big ones, etc.", "Then rest."],
        ),
        (
            "The limit (i.e. the max.) was 5. Temp. was ok. It hit max. The end.",
            ["The limit (i.e. the max.) was 5.", "Temp. was ok.", "It hit max.", "The end."],
        ),
        ("On Jan. 5 it rained. In Dec. we rest.", ["On Jan. 5 it rained.", "In Dec. we rest."]),
        ("It fell 3.5 percent to 7.2. Up 1.", ["It fell 3.5 percent to 7.2.", "Up 1."]),
        (
            "Use v2.3.1 of file.txt from example.org. Then stop.",
            ["Use v2.3.1 of file.txt from example.org.", "Then stop."],
        ),
        ("Wait... what? Well… No. Hmm... Yes.", ["Wait... what?", "Well…", "No.", "Hmm...", "Yes."]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ('"Why?" he asked. "Go!" she said.', ['"Why?" he asked.', '"Go!" she said.']),
        ("It works (see below.) Good. [Note.] Fine.", ["It works (see below.)", "Good.", "[Note.]", "Fine."]),
        ("What?! No!!! Yes.", ["What?!", "No!!!", "Yes."]),
        ("He left . '' She stayed .", ["He left . ''", "She stayed ."]),
        ("It was so. [12] Then not.[3] End.", ["It was so. [12]", "Then not.[3]", "End."]),
        ("你好。世界！“好吗？”他说。", ["你好。", "世界！", "“好吗？”", "他说。"]),
        ("هل أنت هنا؟ نعم.", ["هل أنت هنا؟", "نعم."]),
        ("यह है। वह है।", ["यह है।", "वह है।"]),
        ("**Bold stop.** Next one.", ["**Bold stop.**", "Next one."]),
        ("First.\r\n\r\nSecond\r\n\r\nThird", ["First.", "Second", "Third"]),
        ("5 bldgs. and 3 pkgs. came", ["5 bldgs. and 3 pkgs. came"]),
    ],
)
def test_stops(text: str, expected: list[str]) -> None:
    assert split(text) == expected


WRAPPED = """\
The soil moisture probe in bay 3 stopped reporting at 04:10 this morning and
Dr. Smith of the U.S. office thinks that we should replace it before Friday
noon. Joe Miller, who knows the bay, has ordered a new one. It will come on
Tuesday."""
MAIL = """\
From: Joe <joe@example.org>
Subject: Pump 3. Urgent
 and more
Date: Mon, 5 Jan 2026 10:00:00 +0000

Hi all,

the pump in bay 3 stopped.
> Did it stop
> again? I think so.

Regards,
Joe"""
LOG = """\
2026-05-01 10:00:01,123 ERROR disk full. Retrying
[2026-05-01T10:00:02Z] INFO ok
May  1 10:00:03 pi-07 kernel: panic
10:00:04 done"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            WRAPPED,
            [
                "The soil moisture probe in bay 3 stopped reporting at 04:10 this morning and Dr. Smith of the U.S. "
                "office thinks that we should replace it before Friday noon.",
                "Joe Miller, who knows the bay, has ordered a new one.",
                "It will come on Tuesday.",
            ],
        ),
        (
            MAIL,
            [
                "From: Joe <joe@example.org>",
                "Subject: Pump 3. Urgent and more",
                "Date: Mon, 5 Jan 2026 10:00:00 +0000",
                "Hi all,",
                "the pump in bay 3 stopped.",
                "> Did it stop > again?",
                "I think so.",
                "Regards,",
                "Joe",
            ],
        ),
        (
            LOG,
            [
                "2026-05-01 10:00:01,123 ERROR disk full.",
                "Retrying",
                "[2026-05-01T10:00:02Z] INFO ok",
                "May 1 10:00:03 pi-07 kernel: panic",
                "10:00:04 done",
            ],
        ),
        ("milk\neggs\nwholemeal bread\nBrie", ["milk", "eggs", "wholemeal bread", "Brie"]),
        ("- milk\n- eggs and\n  bread. Fresh.\n* nuts", ["- milk", "- eggs and bread.", "Fresh.", "* nuts"]),
        (
            "1. Rinse. 2. Dry.\n2) Iron\n(c) Fold\n[x] a. Done",
            ["1. Rinse.", "2. Dry.", "2) Iron", "(c) Fold", "[x] a. Done"],
        ),
        (
            "Kernel panic on pi-07\nDisk full on pi-08\nFan slow",
            ["Kernel panic on pi-07", "Disk full on pi-08", "Fan slow"],
        ),
        ("A line that goes on\nin the next one and ends.", ["A line that goes on in the next one and ends."]),
        ("It belongs to the\nBritish Museum", ["It belongs to the British Museum"]),
        ("Closed from 5 p.m. until\n8 a.m. tomorrow.", ["Closed from 5 p.m. until 8 a.m. tomorrow."]),
        ("# Title\nText here", ["# Title", "Text here"]),
        ("Title\n=====\nText here", ["Title", "Text here"]),
        ("| a | b. C |\n|---|---|\n| 1 | 2 |", ["| a | b. C |", "| 1 | 2 |"]),
        ("name\tage\tcity\nJoe\t5\tRome", ["name age city", "Joe 5 Rome"]),
        ("Run it:\n```sh\nls. A b\n```\nDone.", ["Run it:", "```sh", "ls. A b", "Done."]),
        ("One\u2028Two\x0cThree", ["One", "Two", "Three"]),
    ],
)
def test_lines(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@pytest.mark.parametrize(
    ("text", "kind", "body"),
    [
        ("Just prose here.", Kind.PROSE, "Just prose here."),
        ("Subject: Pump stopped", Kind.MAIL_HEADER, "Pump stopped"),
        ("- [ ] buy milk", Kind.LIST_ITEM, "buy milk"),
        ("12) buy milk", Kind.LIST_ITEM, "buy milk"),
        ("• buy milk", Kind.LIST_ITEM, "buy milk"),
        ("## Title", Kind.HEADING, "Title"),
        ("[2026-05-01T10:00:02Z] pump stopped", Kind.LOG_LINE, "pump stopped"),
        ("2026-05-01 10:00:02 pump-ctl[412]: WARN pump stopped", Kind.LOG_LINE, "pump stopped"),
        ("10:00:02 [ERROR] pump stopped", Kind.LOG_LINE, "pump stopped"),
        ("| bay | dry |", Kind.TABLE_ROW, "bay | dry |"),
        ("def pump(bay):", Kind.CODE, "def pump(bay):"),
        ("J. Smith left.", Kind.PROSE, "J. Smith left."),
        ("2015. A year.", Kind.PROSE, "2015."),
    ],
)
def test_kinds(text: str, kind: Kind, body: str) -> None:
    sentence = find_sentences(text)[0]
    assert (sentence.kind, text[sentence.body_start : sentence.end]) == (kind, body)


def test_a_short_line_over_a_paragraph_is_a_heading() -> None:
    text = "Pump outage in bay 3\nThe pump stopped at noon and nobody has found out why. We look on."
    assert [s.kind for s in find_sentences(text)] == [Kind.HEADING, Kind.PROSE, Kind.PROSE]
    assert find_sentences("Pump outage in bay 3")[0].kind is Kind.PROSE


def test_quoted_mail_is_marked() -> None:
    assert [s.is_quoted for s in find_sentences("Yes.\n> No.\n>> Perhaps.\n>90% done")] == [False, True, True, False]


def test_sentences_of_a_paragraph_share_its_number() -> None:
    assert [s.paragraph for s in find_sentences("One. Two.\n\nThree.\n- four\n- five")] == [0, 0, 1, 2, 3]


def test_text_without_a_stop_is_one_sentence() -> None:
    assert len(find_sentences("word " * 5000)) == 1


@pytest.mark.parametrize(
    "unit",
    ["a\n", ". ", "a. ", '."', "!", "> ", "| a ", "a\t", "a" + " " * 50, "From: ", "我。", "[1]", ") ", "x\n===\n"],
)
def test_time_grows_linearly(unit: str) -> None:
    def seconds(count: int) -> float:
        start = time.process_time()
        find_sentences("a." + unit * count + " a")
        return time.process_time() - start

    seconds(1000)
    assert seconds(60_000) < 40 * min(seconds(6_000) for _ in range(3)) + 0.05


@given(TEXTS)
def test_every_word_lies_in_exactly_one_sentence(text: str) -> None:
    sentences = find_sentences(text)
    found = [w for s in sentences for w in find_words(text, s.start, s.end)]
    assert [(w.start, w.end) for w in found] == [(w.start, w.end) for w in find_words(text)]


@given(TEXTS)
def test_sentences_are_ordered_trimmed_and_hold_words(text: str) -> None:
    position, paragraph = 0, 0
    for sentence in find_sentences(text):
        assert position <= sentence.start <= sentence.body_start <= sentence.end <= len(text)
        assert text[sentence.start : sentence.end] == text[sentence.start : sentence.end].strip()
        assert find_words(text, sentence.start, sentence.end)
        assert sentence.paragraph >= paragraph
        position, paragraph = sentence.end, sentence.paragraph
