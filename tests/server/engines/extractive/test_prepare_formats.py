# ruff: noqa: E501 - inputs as they come
"""What the chooser is told of mails, chats, logs, lists and labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_server.engines.extractive.prepare import TextSentence, prepare
from briefd_server.text.blocks import Kind
from briefd_server.text.words import find_words

MAIL = """\
From: Ola <ola@a.example>
Subject: Boat

Hi Bea,

we sell the boat in May. Please tell the harbour office.

Best regards,
Ola Brandt
Head of Boats
+47 555 123

On Mon, 3 Mar 2025 at 09:12, Bea Tarn <bea@a.example> wrote:
> What about the boat?
"""
OUTLOOK = """\
I agree with the plan, but the price is too high.

-----Original Message-----
From: Bea
Sent: Monday

We could rent the hall for the whole of May at a fixed price.
"""


def said(text: str, sentence: TextSentence) -> str:
    return " ".join(text[word.start : word.end] for word in sentence.words)


def by_content(text: str, least_words: int = 3) -> dict[str, TextSentence]:
    return {said(text, sentence): sentence for sentence in prepare(text, least_words)}


def stands_back(text: str) -> list[bool]:
    return [sentence.is_aside for sentence in prepare(text, 3)]


def test_of_a_mail_the_text_alone_stands_in_front() -> None:
    front = [said(MAIL, sentence) for sentence in prepare(MAIL, 3) if not sentence.is_aside]
    assert front == ["we sell the boat in May", "Please tell the harbour office"]


def test_kinds_of_a_mail() -> None:
    kinds = [sentence.kind for sentence in prepare(MAIL, 3)]
    assert kinds == [
        *[Kind.MAIL_HEADER] * 2,
        *[Kind.PROSE] * 3,
        *[Kind.SIGNATURE] * 4,
        Kind.MAIL_HEADER,
        Kind.PROSE,
    ]
    assert [sentence.is_quoted for sentence in prepare(MAIL, 3)] == [False] * 10 + [True]


def test_what_is_forwarded_below_an_answer_is_quoted() -> None:
    assert [sentence.is_quoted for sentence in prepare(OUTLOOK, 3)] == [False, True, True, True, True]
    alone = OUTLOOK.partition("\n\n")[2]
    assert not prepare(alone, 3)[-1].is_quoted


@pytest.mark.parametrize(
    "header",
    [
        "On 3 March 2025 Rana Dietl wrote:",
        "Am 04.03.2025 um 10:15 schrieb Oke Brandt:",
        "Le 4 mars 2025 à 10:15, Oke Brandt a écrit :",
        "Jul 22, 2026 at 6:50 PM Lise Marr <lise@works.example>\nwrote:",
        "On Mon, 3 Mar 2025 at 09:12, Rana Dietl with a very long name indeed\n<rana@lab.example> wrote:",
        "2025-03-04 10:15 GMT+01:00 Oke Brandt <oke@a.example>:",
    ],
)
def test_headers_of_answers_stand_back(header: str) -> None:
    text = f"We meet at noon in the small room.\n\n{header}\n> Could we meet on Friday at ten?\n\nIt has room for six people."
    sentences = prepare(text, 3)
    assert [said(text, each) for each in sentences if not each.is_aside] == [
        "We meet at noon in the small room",
        "It has room for six people",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "She wrote a letter on 3 May, which said: the boat is sold.",
        "In 2014 Moren wrote this response on tides:\n\nThe tide is late by an hour on most days of the year.",
        "We meet on Monday. Date: Monday at ten, as ever.",
        "Best regards are a poor ending for a letter of this kind.",
        "The rule is simple --\n\nnobody leaves before noon.",
    ],
)
def test_prose_about_letters_is_no_mail(text: str) -> None:
    assert not any(stands_back(text)), stands_back(text)


def test_a_signature_ends_where_a_quotation_begins() -> None:
    text = "The hall is closed.\n\n-- \nOla Brandt\nHall office\n\n> Is it open?\n"
    assert [each.kind for each in prepare(text, 3)] == [Kind.PROSE, Kind.SIGNATURE, Kind.SIGNATURE, Kind.PROSE]


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("Ola: At nine.\nBea: No, at ten. Be there.\nOla: Right.", ["Ola", "Bea", "Bea", "Ola"]),
        ("Q: Did you see it?\nA: I did not.\nQ: Why?", ["Q", "A", "Q"]),
        ("<ola> it is off\n<bea> i will look\n<ola> thanks", ["ola", "bea", "ola"]),
        ("[10:32, 01/05/2024] Ola: off again\n[10:33, 01/05/2024] Bea: I come\n[10:34, 01/05/2024] Ola: ok", ["Ola", "Bea", "Ola"]),
        ("01/05/2024, 10:32 - Ola: off again\n01/05/2024, 10:33 - Bea: I come\n01/05/2024, 10:34 - Ola: ok", ["Ola", "Bea", "Ola"]),
        ("10:32 Ola: off again\n10:33 Bea: I come\n10:35 Ola: ok", ["Ola", "Bea", "Ola"]),
        ("CHAIR: We decide.\nMS TARN: I would sell it.\nCHAIR: Then we sell.", ["CHAIR", "MS TARN", "CHAIR"]),
        ("Customer: Your app charged me twice.\nAgent: I am sorry about that, I will refund it.", ["Customer", "Agent"]),
    ],
)  # fmt: skip
def test_speakers(text: str, speakers: list[str]) -> None:
    sentences = prepare(text, 3)
    assert [text[slice(*each.speaker)] if each.speaker else None for each in sentences] == speakers
    for each in sentences:
        assert each.kind is Kind.SPEECH
        name = said(text, each).split()[: each.speaker_word_count]
        assert bool(name) == each.is_first_of_block
        assert not name or " ".join(name) == text[slice(*each.speaker or (0, 0))]


@pytest.mark.parametrize(
    "text",
    [
        "Location: Hall 3\nTime: 9:00\nContact: Ola Brandt",
        "Note: the hall is closed.\nWarning: do not enter.\nNote: use the door.",
        "The clerk noted: the fence was moved.\nNobody asked the neighbour.",
        "Ola claims: The members voted to sell the boat.",
    ],
)
def test_no_speakers(text: str) -> None:
    assert all(each.speaker is None for each in prepare(text, 3))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("RESOLVED: the shop is up again.", "RESOLVED"),
        ("RESOLVED - the shop is up again.", "RESOLVED"),
        ("Test alert: this is only a test of the siren.", "Test alert"),
        ("WARNING: do not open the gate.", "WARNING"),
        ("**Note:** the gate is open.", "Note"),
        ("- BREAKING: the port is gone.", "BREAKING"),
        ("Draft, not for release: Norvane will close its plant.", "Draft, not for release"),
        ("Retracted: The pills halve the risk.", "Retracted"),
        ("Ola claims: The members voted to sell the boat.", "Ola claims"),
        ("fix(pump): do not restart while the lid is open", "fix(pump)"),
        ("UPDATE 2: the road is open again.", "UPDATE 2"),
        ("Tl;dr: nobody came.", "Tl;dr"),
        ("Results of all of the votes of May: 52 to 48.", None),
        ("There are two ways: by sea and by land.", None),
        ("It opens at 10:30 and closes at noon.", None),
        ("He has one aim: peace.", None),
        ("See https://a.example/b: it is there.", None),
        ("The pump - a new one - is off.", None),
    ],
)
def test_labels(text: str, label: str | None) -> None:
    (sentence,) = prepare(text, 3)
    assert (text[slice(*sentence.label)] if sentence.label else None) == label
    first = [text[word.start : word.end] for word in sentence.words[: sentence.label_word_count]]
    assert first == (
        [text[word.start : word.end] for word in find_words(text, *sentence.label)] if sentence.label else []
    )


def test_a_label_after_a_speaker() -> None:
    text = "Ola: NOTE: the hall is closed today.\nBea: Since when is it closed?\nOla: Since noon."
    first = prepare(text, 3)[0]
    assert (first.speaker_word_count, first.label_word_count) == (1, 1)
    assert text[slice(*first.label or (0, 0))] == "NOTE"


@pytest.mark.parametrize(
    ("line", "message", "severity"),
    [
        ("2024-05-01 10:00:01,123 [main] ERROR com.foo.Pump - The pump is stuck", "The pump is stuck", "error"),
        ("2024-05-01 10:00:01,123 - pump.ctl - WARNING - The pump is stuck", "The pump is stuck", "warning"),
        ("2024-05-01T10:00:02Z INFO the pump runs", "the pump runs", "info"),
        ("2024-05-01 10:00:02 pump-ctl[412]: WARN pump stopped", "pump stopped", "warning"),
        ("Mar  4 03:10:22 mail1 postfix/qmgr[812]: warning: not enough free space", "not enough free space", "warning"),
        ("May  1 10:00:03 pi-07 systemd[1]: Failed to start the relay.", "Failed to start the relay", None),
        ("Mar  4 03:10:25 mail1 kernel: [ 8123.44] EXT4-fs error: reading", "EXT4-fs error reading", None),
        (
            "[Wed Oct 11 14:32:52 2000] [error] [client 127.0.0.1] client denied by rule",
            "client denied by rule",
            "error",
        ),
        ("E0501 10:00:00.123456 1234 server.go:12] cannot open the gate", "cannot open the gate", "error"),
        ("ERROR:root:disk is full", "disk is full", "error"),
        ("[WARN] battery is low", "battery is low", "warning"),
        ("10:00:04 failed: no route to the gate", "failed no route to the gate", None),
        ("10:00:04.123 DEBUG the gate moves", "the gate moves", "debug"),
        ("2024-05-01 10:00:02 [bay3] pump stopped", "bay3 pump stopped", None),
        ("2024-05-01 10:00:02 example.org is down", "example.org is down", None),
        ("ValueError: the relay is stuck", "ValueError the relay is stuck", "error"),
    ],
)
def test_lines_of_logs(line: str, message: str, severity: str | None) -> None:
    (sentence,) = prepare(line, 1)
    assert (said(line, sentence), sentence.severity, sentence.kind) == (message, severity, Kind.LOG_LINE)
    assert sentence.is_aside == (severity in {"info", "debug"})


@pytest.mark.parametrize(
    "line", ["10:00:04 |", "[10:00:04] - ", "2024-05-01 10:00:02 -", "Mar  4 03:10:22 mail1 a[1]: "]
)
def test_a_line_of_a_log_without_a_message(line: str) -> None:
    text = f"{line}\nand on\n{line}"
    assert [word for each in prepare(text, 100) for word in each.words] == find_words(text)


def test_of_a_trace_the_fault_stands_in_front() -> None:
    python = (
        'Traceback (most recent call last):\n  File "a.py", line 2, in f\n    raise E("x")\nE: the relay is stuck\n'
    )
    text = python.replace("E:", "RelayError:")
    assert [said(text, each) for each in prepare(text, 3) if not each.is_aside] == ["RelayError the relay is stuck"]
    java = "java.io.IOException: no route to it\n\tat com.foo.Relay.open(Relay.java:40)\n\t... 3 more\n"
    assert stands_back(java) == [False, True, True]


@pytest.mark.parametrize(
    ("text", "governed"),
    [
        ("Never do this:\n\nMix bleach with vinegar.\n\nOther rules apply.", [None, 0, None]),
        ("If the lamp turns red:\n1. Leave at once. Run.\n2. Ring the guard.", [None, 0, 0, 0]),
        ("# Not covered\n\n- Theft of a car\n- Damage by water\n\nAnd more.\n\n# Covered\n\nThe rest.", [None, 0, 0, 0, None, 4]),
        ("Common mistakes\n\n1. Pouring hot water on glass.\n2. Scraping.", [None, 0, 0]),
        ("## Rejected\n\nSteps:\n- sell it\n- burn it\n\nWe keep it.", [None, 0, 1, 1, 0]),
        ("The rule is this: stay.\n\nGo on.", [None, None]),
    ],
)  # fmt: skip
def test_what_stands_under_what(text: str, governed: list[int | None]) -> None:
    sentences = prepare(text, 3)
    assert [each.governed_by for each in sentences] == governed
    assert [each.governs_next for each in sentences] == [number in governed for number in range(len(sentences))]


def test_a_form_or_an_address_is_no_heading() -> None:
    text = "Place: Hall 3\nContact: Ola Brandt\n\nThe fire drill begins at nine and all of us have to leave the hall."
    assert [each.kind for each in prepare(text, 3)] == [Kind.PROSE] * 3


def test_headings_over_short_paragraphs() -> None:
    text = "Beans on balconies\n\nSoil\n\nBeans need a deep pot\n\nLight\n\nThey need six hours of sun a day"
    heads = [said(text, each) for each in prepare(text, 3) if each.kind is Kind.HEADING]
    assert heads == ["Beans on balconies", "Soil", "Light"]


@pytest.mark.parametrize(
    "dateline",
    [
        "MARROW, May 3 (Norvane News) -- ",
        "Marrow, Teale County (Norvane Wire) – ",
        "BERLIN, 3 May (dpa) – ",
        "OSLO, March 3, 2025 /PRNewswire/ -- ",
        "Port Aldwin (Kyodo News) — ",
    ],
)
def test_datelines_of_any_agency(dateline: str) -> None:
    text = dateline + "The bridge was closed on Monday."
    assert [text[each.start : each.end] for each in prepare(text, 3)] == ["The bridge was closed on Monday."]


@pytest.mark.parametrize(
    "text",
    [
        "By Ann Example and Bo Example, staff writers",
        "Story by Ann Example",
        "Follow us on social media for offers and news!",
        "We and our partners store information on your device, such as unique identifiers in cookies.",
        "This e-mail and any attachments are confidential and intended solely for its addressee.",
        "Company Internal",
        "Sign in",
        "Subscribe now for 1 crown a week",
        "Get Outlook for Android",
        "Good morning Bea,",
    ],
)
def test_boilerplate_stands_back(text: str) -> None:
    assert stands_back(text) == [True]


@pytest.mark.parametrize(
    "text",
    [
        "Sign in at the front desk by nine.",
        "We changed our privacy policy after the theft.",
        "Home prices fell in May.",
        "Confidential papers were found in the bin.",
    ],
)
def test_news_about_such_things_does_not(text: str) -> None:
    assert stands_back(text) == [False]


def test_contents_and_rows_stand_back() -> None:
    text = "1 Introduction ........ 3\n2 Soil and water . . . . . 9\n\nThis guide tells how to grow beans."
    assert stands_back(text) == [True, True, False]


TOKENS = st.sampled_from(
    "Ola: Bea: Note: WARNING: The pump stopped. who? wrote: On 3 From: Subject: > -- --- # - 1. (a) | ERROR [error] "
    "10:00:01 2024-05-01 Best regards, Hi : ; ✅ Mr. No. 5 U.S. N. ( ) “ ” <ola> … at File \"".split()
)  # fmt: skip
SPACES = st.sampled_from([" ", " ", " ", "\n", "\n\n", "\n ", ""])
TEXTS = st.lists(st.tuples(TOKENS, SPACES), max_size=60).map(lambda parts: "".join(a + b for a, b in parts))


@given(st.one_of(TEXTS, st.text()), st.integers(1, 20))
def test_fields_agree_with_the_words(text: str, least_words: int) -> None:
    sentences = prepare(text, least_words)
    previous = -1
    for number, each in enumerate(sentences):
        assert each.speaker_word_count + each.label_word_count <= len(each.words)
        assert each.is_first_of_block == (each.paragraph != previous)
        assert each.paragraph >= previous
        assert each.governed_by is None or each.governed_by < number
        assert each.governed_by is None or sentences[each.governed_by].governs_next
        previous = each.paragraph


@given(st.one_of(TEXTS, st.text()))
def test_every_word_is_offered_once_where_all_are_needed(text: str) -> None:
    words = find_words(text)
    offered = [word for each in prepare(text, len(words) + 1) for word in each.words]
    assert [word[:2] for word in offered] == [word[:2] for word in words]
