# ruff: noqa: E501 - a table
"""Every regular expression that sees a user's text takes linear time, on the inputs that are worst for it."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING

import pytest

import briefd_server.text
from briefd_server.engines.extractive.prepare import prepare
from briefd_server.text.formats import read_text
from briefd_server.text.language import guess_language

if TYPE_CHECKING:
    from collections.abc import Iterator

# Per expression: beginning, unit, end; the unit is repeated. Each makes it begin often, go far, and fail late.
WORST = {
    "abbreviations._DOTTED": [("", "a.", "1"), ("", "a. ", "")],
    "abbreviations._INITIAL": [("", "A. ", "")],
    "formats.characters._SURE_BYTE": [("=\n=\n", "=C", ""), ("", "=\n", "")],
    "formats.hypertext._TAG_NAME": [("", "<a", ""), ("<", "a", ""), ("", "</a", "")],
    "formats.hypertext._END_OF_PAGE": [("<html ", "</htm", ""), ("<html>", "</", "")],
    "formats.prose._CAPITALIZED": [("", "aa.The", ""), ("aa.T", "h", "")],
    "formats.prose._MARKED_WORD": [("a", "-", "[1]"), ("a", "a[1]", ""), ("", "aa.[1]", "")],
    "formats.prose._FIRST_PART": [("", "a", "-\nbb"), ("", "aa- bb", ""), ("", "-aa-\nbb", "")],
    "formats.prose._WORD": [("aa-\nzz ", "a", ""), ("aa-\nzz ", "a-", ""), ("aa-\nzz ", "-", "")],
    "blocks._LETTER_OR_DIGIT": [("", "_", ""), ("", "-\n", "")],
    "blocks._UNDERLINE": [("a\n", "=", "x"), ("a\n", " ", "="), ("a\n", "-" * 9 + " ", "")],
    "clean._LETTER_OR_DIGIT": [("", "<br>", ""), ("", "&#45;", "a")],
    "formats._LETTER_OR_DIGIT": [("", "<br>", "")],
    "formats.characters._MOJIBAKE": [("", "Ã", "©"), ("", "â€", ""), ("", "à\x80", ""), ("", "ðŸ", "")],
    "formats.characters._LEADS": [("", "Ã", ""), ("", "ð", "x")],
    "formats.characters._QUOTED_BYTES": [("=\n=\n", "=20", "=2"), ("=\n", "=20=\n", "=x")],
    "formats.characters._SOFT_LINE_END": [("", "=", ""), ("", "=\r", "")],
    "formats.hypertext._MARK": [
        *(("", start, "") for start in ("<a ", '<a b="', "<!--", "<![CDATA[", "<?", "</", "<!", "<a x=1 ", "&#", "&amp;amp")),
        ("<", "a", ""), ("<a ", "b", ""), ("<a ", "b='", ""), ("<a ", '"b"', ""), ("", "<script>", ""), ("", "<b>", ""),
        ("&", "amp;", ""), ("<p>", "\n ", ""),
    ],
    "formats.hypertext._FIRST_TAG": [("", " ", "<a"), ("<", "a", "")],
    "formats.hypertext._PAGE": [("", "<htm ", ""), ("", "<", "")],
    "formats.hypertext._SPACE": [("<p>", " ", "</p>"), ("<p>", "a \n ", "</p>")],
    "formats.hypertext._ESCAPED_TAG": [("", "&lt;", "p"), ("", "&lt;/", "")],
    "formats.latex._COMMAND": [
        ("", "\\emph{", ""), ("\\emph{", "a", ""), ("", "\\emph{a", ""), ("", "\\cite[", ""), ("", "\\cite{", ""), ("", "~", ""),
    ],
    "formats.latex._TIE": [("\\emph{a} ", "a~", "")],
    "formats.mime._SIGN": [("", "content-", ""), ("", "\ncontent-type", "")],
    "formats.mime._BOUNDARY": [("content-type: b\n", "boundary=", ""), ('content-type: b; boundary="', "a", "")],
    "formats.mime._HEADER": [("content-type: b\n", "a-", ""), ("content-type: b\n", " ", ""), ("content-type: b\n", " a\n", "")],
    "formats.mime._CONTENT_HEADER": [("content-type: b\n", "content-", ""), ("content-type: b\n", "content-a: b\n", "")],
    "formats.mime._ENCODING": [("content-transfer-encoding:", " ", ""), ("", "content-transfer-encoding:\n", "")],
    "formats.mime._TYPE": [("content-type:", " ", ""), ("content-type: ", "a", ""), ("", "content-type: a/b\n", "")],
    "formats.mime._ALTERNATIVE": [("content-type:", " ", ""), ("content-type: a; boundary=b\n", "--b\ncontent-type: text/html\n\na\n", "")],
    "formats.mime._CHARSET": [("content-type: a; ", "charset=", ""), ("content-type: a; charset=", "a", "")],
    "formats.mime._BASE64_LINE": [
        ("content-transfer-encoding: base64\n\n", "a", ""), ("content-transfer-encoding: base64\n\n", "aaaa\n", "="),
    ],
    "formats.markdown._INLINE": [
        *(("", start, "") for start in ("[", "[a](", "[a](b(", "![a](", "[a][", "**a", "*a", " _a", "`", "~~a", "***", "_", "*")),
        ("[", "a", "]("), ("[a](", "b", ""), ('[a](b "', "c", ""), ("**", "a", ""), ("`", "a", ""), ("*", "a ", ""),
    ],
    "formats.markdown._LETTER": [("", "[1][", ""), ("[", "1", "][2]")],
    "formats.prose._BRACKETED": [("a ", "[1", ""), ("a [", "1,", ""), ("a", "[1]", "x"), ("a ", "[note ", "")],
    "formats.prose._CITED": [("", "(A", ""), ("(A", "a", " 2011"), ("(A, 2011", "; B, 2011", ""), ("", "(A, ", "")],
    "formats.prose._GLUED_NUMBER": [("", "aaa.1", ""), ("aaa.1", " ", ""), ("", "aaa.12 ", "")],
    "formats.prose._SUPERSCRIPT": [("", "³", ""), ("", "aaaa³", "x")],
    "formats.prose._LAST_WORD": [("", "aaa.1 A", ""), ("a", "a", "[1]")],
    "formats.prose._GLUED_STOP": [("", "aa.", "A"), ("", "aa.A", "")],
    "formats.prose._GLUED_RUN": [("", "aa.Aa", ""), ("", "aa.A'", "("), ("a", "'", "aa.Aa"), ("a", "a", "aa.Aa")],
    "formats.prose._HYPHEN": [("", "aa-", ""), ("", "aa- ", ""), ("", "aa-\n", "aa"), ("aa-", " ", ""), ("aa-\n", "a", "")],
    "formats.structured._JSON_TOKEN": [('["', "\\\\", '"]'), ("[", '"', "]"), ("[", "1,", "1]"), ('{"', "a", '": 1}')],
    "formats.structured._JSON_ESCAPE": [('["', "\\ud83d", ' b c d"]'), ('["', "\\\\u", ' b c d"]')],
    "formats.structured._YAML_LINE": [("a_b: 1\nc: 2\n", "- ", ""), ("a_b: 1\nc: 2\n", "a", ""), ("a_b: 1\n", "c: 2\n", "")],
    "formats.structured._YAML_SIGN": [("a: b\nc: d\n", "a: \n", ""), ("a: b\nc: d\n", " ", "a"), ("", "a_", ": ")],
    "formats.structured._LOG_FIELDS": [("", "a=b ", 'msg="'), ("", 'msg="', ""), ("", '"', 'msg="a"'), ("", 'msg="a" ', "")],
    "formats.structured._LOG_LEVEL": [("", "level=", 'msg="a b"'), ("level=", "a", ' msg="b"')],
    "formats.subtitles._CUE": [("", "00:01.0 -->", ""), ("", "1\n", "00:01.0 --> 00:02.0"), ("", "00:", ".0 --> "), ("", " ", "00:01.0 --> 00:02.0")],
    "formats.subtitles._TIME_LINE": [("", "00:01 ", ":"), ("", "0:01\n", "a"), ("0:01", " ", "a")],
    "formats.subtitles._MARKS": [("00:01.0 --> 00:02.0\n", unit, "") for unit in ("<v ", "<v a", "<c", "{\\a", "<00:", "\n")],
    "formats.subtitles._SPACE": [("00:01.0 --> 00:02.0", " ", "a")],
    "formats.subtitles._OPENS_SPEECH": [("00:01.0 --> 00:02.0\n", "A ", ":"), ("00:01.0 --> 00:02.0\n", "A", "")],
    "labels._LABEL": [("A", "a", ": B"), ("A", ".a", ": b"), ("A", " ", ": b"), ("[", "*", "A: b"), ("", "A: ", ""), ("", "A - ", "")],
    "labels._SEPARATOR": [("", " -", ""), ("", ":", "")],
    "labels._FIRST_WORD": [("", "a-", ": B"), ("a", "a", ": B")],
    "language._WORD": [("", "a'", ""), ("", "a", "")],
    "lines._FENCE": [("", " ", "``"), ("", "`", "")],
    "lines._QUOTE_MARKS": [("", ">", ""), ("", "> ", "="), (">", " ", "")],
    "lines._MARKER": [("| ", " ", "a"), ("def ", "a", ""), ("class ", "a:", ""), ("", "#", ""), ("", "-", ""), ("From:", " ", "a"), ("X-", "a", ""), ("from ", "a.", ""), ("|", "a", "")],
    "lines._TRACE": [(" at ", "a", ""), (" at ", "a:", ""), (' File "', "a", ""), (" ", ".", ""), ("goroutine ", "1", ""), ("", "a", "-"), ("", " ", "at")],
    "lines._COLUMN_GAP": [("a", " ", ""), ("", "a   ", ""), ("a", "\t", ""), ("a", " \t", "")],
    "lines._LEADER_DOTS": [("a", ".", "x"), ("a", " .", "x"), ("a....", " ", "1"), ("", ".... 1", "")],
    "lines._STOP_AT_END": [("a.", ")", "x"), ("a", ".)", "x"), ("", ".", "x")],
    "logs._STAMP": [("[", " ", "1.1]"), ("2024-05-01 10:00:02.", "1", ""), ("[", "1", ".1]"), ("10:00:04", " ", ""), ("10:00:04 ", "-", "")],
    "logs._FIELD": [("10:00:04 ", unit, "") for unit in ("[", "[a] ", "a.", "a", "ERROR ", "a[1] ", "(", "[error] ", "a - ")],
    "logs._SYSLOG_PROCESS": [("May  1 10:00:03 pi ", "a", ""), ("May  1 10:00:03 pi a[", "1", "")],
    "logs._LONE_LEVEL": [("ERROR:", "a.", ""), ("[", "error", "")],
    "logs._EXCEPTION": [("", "A.", ""), ("A", "a", ""), ('Exception in thread "', "a", ""), ("Caused by: ", "a.", "")],
    "mail._DELIMITER": [("a\n--", " ", ""), ("a", "\n--", ""), ("a", "\n-- ", "x")],
    "mail._ANSWER_HEADER": [("On 3 ", "wrote ", ":"), ("", "1 wrote A", ":"), ("1 wrote", " ", ":"), ("", "a", ":")],
    "sentences._LETTER_OR_DIGIT": [("", ". ", ""), ("a", " .", "")],
    "speech._NAME": [("A", " b", ": c\nA: d"), ("<", "a", "> b"), ("10:00", " ", "A: b"), ("", "A: b\n", ""), ("", "<a> b\n", "")],
    "stops._PICTURE": [("", "✅", "A"), ("a ✅", " ", ""), ("", "a ✅ ", "")],
    "stops._STOP": [("", ".", "x"), ("a.", ")", "x"), ("", ".)", "x"), ("", "。", "x"), ("", "a.[1]", "x"), ("", ". ", "")],
    "stops._NEXT_TOKENS": [("a.", " ", ""), ("", "a. ", ""), ("a. ", "b", "")],
    "stops._CLOSING_TOKENS": [("a. ", ")", "x"), ("a.", " )", "x"), ("a.", " [1]", "x"), ("a.", " ", "x")],
    "stops._ROMAN_NUMERAL": [("No. ", "I", "a"), ("", "No. I ", "")],
    "stops._LIST_NUMBER": [("", " ", "1."), ("", "1. ", "")],
    "stops._UNPRONOUNCEABLE_END": [("", "entr. b ", ""), ("", "b", ". c")],
    "surroundings._DATELINE": [("A", "A", " - B"), ("A", " A", " - B"), ("A", ".", ""), ("A", " ", "- B"), ("A (B", "b", ") -"), ("A", ", B", ""), ("Aa", " Bb", " (C")],
    "surroundings._BYLINE": [("By A", "a", ""), ("By A", " B", "."), ("By A B", " ", ""), ("By A B", "-a", "."), ("By", " ", "")],
    "surroundings._GREETING": [("Hi ", "a", ""), ("Hi", " ", "")],
    "words._RUN": [("", "a-", "_"), ("", "a", "_"), ("a", ":", "b"), ("", "'", "")],
    "words.TERMINAL_ESCAPE": [("", "\x9d", "a"), ("", "\x9d0;", "a"), ("", "\x1b]", "a"), ("\x1b[", "0;", ""), ("", "\x9b", "1"), ("\x1b]", "a", "")],
    "words._GLUE": [("a", "—", "b"), ("a", ".", "b"), ("a", "-", ""), ("", "a--", ""), ("", "。", ""), (")", "(", "")],
    "words._GLUED_BRACKET": [("", "a(", ""), ("a", "(a", "")],
    "words._GLUE_OF_WEB_ADDRESSES": [("a://b", "。", ""), ("", "a://", "")],
    "words._WEB_ADDRESS": [("(", "a:", ""), ("(", "://", "")],
    "words._LETTER_OR_DIGIT": [("", "_", ""), ("", "$", "a")],
    "words._THROUGH_LAST_LETTER_OR_DIGIT": [("(a", "_", ""), ("(", "a", "_")],
    "words._BELONGS_BEFORE": [("(a", "$", "-b"), ("$", "$", "-b"), ("-", "$", "1"), ("'", "'", "s"), ("(", "~", "/a")],
}  # fmt: skip
# In characters.
SIZES = (2_000, 4_000, 8_000, 16_000)
MOST_RATIO = 2.3
FLOOR_SECONDS = 0.001
MOST_TRIES = 5


def expressions() -> Iterator[str]:
    """Name every expression of the text room, where it is made."""
    root = f"{briefd_server.text.__name__}."
    for module in pkgutil.walk_packages(briefd_server.text.__path__, root):
        for attribute, value in vars(importlib.import_module(module.name)).items():
            is_imported = attribute == "TERMINAL_ESCAPE" and module.name != f"{root}words"
            if isinstance(value, re.Pattern) and not is_imported:
                yield f"{module.name.removeprefix(root)}.{attribute}"


def test_none_is_forgotten() -> None:
    assert sorted(expressions()) == sorted(WORST)


def read_all(text: str) -> None:
    prepare(read_text(text).text, 10)
    prepare(text, 10)
    guess_language(text)


def seconds(beginning: str, unit: str, end: str, size: int) -> float:
    """Measure processor time, since the machine may have more to do."""
    text = beginning + unit * (size // len(unit)) + end
    start = time.process_time()
    read_all(text)
    return time.process_time() - start


def growth(beginning: str, unit: str, end: str) -> float:
    """Return how many times as long twice the text takes, on average from the smallest size to the largest."""
    doublings = len(SIZES) - 1
    most = seconds(beginning, unit, end, SIZES[-1])
    if most <= FLOOR_SECONDS * MOST_RATIO**doublings:
        return 1.0
    least = min(seconds(beginning, unit, end, SIZES[0]) for _ in range(3))
    if most > max(least, FLOOR_SECONDS) * MOST_RATIO**doublings:
        # Something may have got in between: measure all sizes again, and tell the growth from one to the next.
        times = [min(seconds(beginning, unit, end, size) for _ in range(3)) for size in SIZES]
        return fmean(later / max(earlier, FLOOR_SECONDS) for earlier, later in pairwise(times))
    return float((most / max(least, FLOOR_SECONDS)) ** (1 / doublings))


@pytest.mark.parametrize("expression", WORST)
def test_time_grows_linearly(expression: str) -> None:
    """Twice the text takes at most 2.3 times as long; quadratic time would be 4 times."""
    for beginning, unit, end in WORST[expression]:
        # Caches that other processes emptied may slow one try; quadratic time slows all.
        ratios: list[float] = []
        while len(ratios) < MOST_TRIES and (not ratios or ratios[-1] > MOST_RATIO):
            ratios.append(growth(beginning, unit, end))
        assert ratios[-1] <= MOST_RATIO, (beginning, unit, end, ratios)
