# ruff: noqa: E501 - inputs as they come
"""What is read of texts in formats: HTML, Markdown, JSON, YAML, CSV, subtitles, mails' encodings, odd characters."""

from __future__ import annotations

import pytest

from briefd_server.text.formats import read_text

PLAIN = [
    "The pump in bay 3 stopped at two. Tom put the key back on its hook.",
    "If a < b and c > d, the valve opens: x<y, AT&T, R&D and <joe@a.example>.",
    "Read <your name> and a <b and c> d; the array a[1] and f[0](x) = 5 stay.",
    "We live in the U.K. since 2014 [2014] and wrote example.Com, Asp.Net, www.Example.org and os.Path.join.",
    "It is 2 * 3 * 4 with *.log, snake_case_names, __init__.py and 5*3*2.",
    "Le marché\xa0» est «\xa0là\xa0» à «\xa0midi\xa0», et l’été\xa0; MANHÃ» é â à.",
    "Two- or three-day trips, pre- and post-war houses, and the food- we loved it- was good.",
    "As shown in [3], and by [12], the effect is small.\n[1] Lind. Tides. 2014.",
    "The area is 5 km² and the fig.12 shows it, see no.5 or vol.12 The end.",
    "- one\n- two\n\nName: Ola\nTime: 9:00\nPlace: the hall",
    "In May, June, July\nwe met, ate, drank\nand sang, danced, slept",
    "Call me at 10:30 --> not later.",
    "a = 5 and b=20 and =C3 is a cell.",
    "{not json} and [not, json]",
    "Never <b>closed, the <div> element is used in the <body> and each <input> has a <label>; async<A> is Vec<B>.",
    "The sys.exc_info[0], libssh2_flag[1], '^[-+][1-9]*' and extend(&[1, 2, 3]) are code (Exchange 2003).",
    "It uses multiprocessing.Pool, decimal.Decimal and collections.Counter.",
    "A heading\n=========\n\nAnother\n=======\n\nText = here =\nand there =\nas well.",
    'The "*". character (*) makes it, as does \\*this* here.',
    "Ein Web- und ein Last-test, Git- oder SVN-Dateien, ein- bzw. ausgeblendet.",
]
READ = {
    # HTML
    "<p>We&#039;ve moved to <b>Mill Road</b>&nbsp;12.</p><p>Use the door.</p>": "We've moved to Mill Road\xa012.\n\nUse the door.",
    "<html><head><title>Fair</title><style>p {a: b}</style></head><body>\n <p>The fair\n is off.</p>\n</body></html>": (
        "# Fair\n\nThe fair is off."
    ),
    "<ul>\n<li>Kettle</li>\n<li><p>Two <i>cups</i></p></li></ul>": "- Kettle\n\n- Two cups",
    "Up<br>down<br/><BR />away": "Up\ndown\n\naway",
    "Before<!-- <p>not</p> --> after<script>if (a < b) {}</SCRIPT > end": "Before after  end",
    "<div>an <img src='a>b.png' alt=\"x\"> image</div>": "an  image",
    "<blockquote><p>Why?</p></blockquote><p>Because.</p>": "> Why?\n\nBecause.",
    "<table><tr><th>Day</th><th>Rain</th></tr><tr><td>Mon</td><td>3 mm</td></tr></table>": (
        "| Day | Rain\n| Mon | 3 mm"
    ),
    "<table><tr><td><p>Dear Ann,</p></td></tr><tr><td>we moved.</td></tr></table>": "Dear Ann,\n\n\nwe moved.",
    "&lt;p&gt;Feeds &amp;amp; more.&lt;/p&gt;": "Feeds & more.",
    "<item><title>Sun</title><what>Rain</what></item>": "# Sun\n\nRain",
    "<!-- never closed The pump": "never closed The pump",
    # Markdown
    "**TL;DR:** _Do not_ run `4.2.0`, it **erases** ~~all~~ *disks*.": "TL;DR: Do not run 4.2.0, it erases all disks.",
    'See the [guide](https://a.example/b_(c) "G") and [that][1] ![x](y.png)now.': "See the guide and that now.",
    "***Very*** [**bold** link](x)": "Very bold link",
    # Data
    '{"a": "The disk is full", "n": 5, "t": ["x", "y z"]}': "The disk is full\n| n | 5\n- x\n- y z",
    '{"m": "The caf\\u00e9 is \\"closed\\"\\nuntil \\ud83d\\ude00 noon \\ud83d"}': 'The café is "closed"\nuntil 😀 noon \ufffd',
    '{"level": "error", "msg": "The disk is full"}\n{"level": "info", "msg": "All is well again"}': (
        "[error] The disk is full\n[info] All is well again"
    ),
    'level=warn msg="the gate is open" code=5\nlevel=info msg="closed"': "[warn] the gate is open\n| code=5 |\n[info] closed",
    "name: relay\ntext: 'It starts the second pump'\nowner:\n  on_call: ola": (
        "| name | relay\n\nIt starts the second pump\n\n| owner |\n| on_call | ola"
    ),
    'id,bay,text\n1,3,"The pump, they say, stopped"\n2,4,ok': (
        "| id | bay | text |\n| 1 | 3\n\nThe pump, they say, stopped\n| 2 | 4 | ok |"
    ),
    "a\tb\tc\n1\t2\t3\n4\t5\t6": "| a | b | c |\n| 1 | 2 | 3 |\n| 4 | 5 | 6 |",
    # Subtitles
    "1\n00:00:01,000 --> 00:00:03,000\n<i>The boat</i>\n\n2\n00:00:03,100 --> 00:00:05,000\nis gone. We\nsaw it.\n": (
        "The boat is gone. We saw it."
    ),
    "WEBVTT\n\nintro\n00:01.000 --> 00:04.000 align:start\n<v Ola>Off again.\n\n00:05.000 --> 00:09.000\n<v Bea>I <c.loud>see</c>.\n": (
        "Ola: Off again.\n\nBea: I see."
    ),
    "1\n00:00:01,000 --> 00:00:03,000\n- Where?\n- There.\n": "- Where?\n\n- There.",
    "0:00\nhello and welcome\n0:04\nto the mill\n0:09\ntoday": "hello and welcome to the mill today",
    # Encodings
    "He said â\x80\x9chelloâ\x80\x9d, byeâ\x80\x99s.": "He said “hello”, bye’s.",
    "The cafÃ© isnâ€™t open â€“ Â£5, 20Â°C, ðŸ˜€, Ã¼ber, naÃ¯ve": "The café isn’t open – £5, 20°C, 😀, über, naïve",
    "Itâ\x80\x99s Ð\x9dÐµ Ð\x9bÐ¾ and ã\x81\x93": "It’s Не Ло and こ",
    "twice Ã¢â‚¬â„¢ as bad": "twice ’ as bad",
    "ï»¿Begin": "Begin",
    "Content-Transfer-Encoding: quoted-printable\n\nThe caf=C3=A9 is =\nclosed.=20": "The café is closed.",
    # Mails of several parts
    "Subject: Pump\nContent-Type: multipart/mixed; boundary=zz\n\n--zz\nContent-Type: text/plain\n"
    "Content-Transfer-Encoding: base64\n\nVGhlIHB1bXAgaGFzIHN0b3BwZWQu\n--zz--\n": (
        "Subject: Pump\n\n\n\n\nThe pump has stopped."
    ),
    "Content-Type: multipart/mixed; boundary=zz\n\n--zz\n\nIt is off.\n--zz\nContent-Type: image/png\n\niVBO\n--zz--\n": (
        "It is off."
    ),
    "Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=iso-8859-1\n\nThe caf=E9 is off.": (
        "The café is off."
    ),
    "One =\ntwo =\ncaf=E9=20is off.": "One two café is off.",
    "Content-Type: multipart/mixed; boundary=zz\n\n--zz\nContent-Transfer-Encoding: quoted-printable\n\nA caf=C3=A9.\n"
    "--zz\nContent-Transfer-Encoding: base64\n\nSXQgaXMgb2ZmIQ==\n--zz\nContent-Transfer-Encoding: base64\n\nSXQgcnVucyE=\n"
    "--zz--\n": "A café.\n\n\n\nIt is off!\n\n\n\nIt runs!",
    "Content-Type: application/json\n\nThe pump has stopped.": "The pump has stopped.",
    "Content-Type: multipart/alternative; boundary=zz\n\n--zz\nContent-Type: text/plain\n\nIt is off.\n--zz\n"
    "Content-Type: text/html\n\n<p>It is off.</p>\n--zz--\n": "It is off.",
    "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nabc": "abc",
    # LaTeX
    r"a \textit{weak} sign \citep{Lind2018}, in Fig.~\ref{one}": "a weak sign, in Fig.",
    # Tabs
    "The pump in hall 3\thas stopped and\twill be replaced.": "The pump in hall 3 has stopped and will be replaced.",
    "mail\tdown\tdisk full since the night of 3 May.\nweb\tup\tnone": "mail\tdown\tdisk full since the night of 3 May.\nweb\tup\tnone",
    "One =\ntwo =\nthree=20now=2E": "One two three now.",
    "\x1b[31mERROR\x1b[0m disk \x1b]0;title\x07full": "ERROR     disk           full",
    # Prose
    "Hall 4 is too warm.The fan has stopped.Please move “it”.": "Hall 4 is too warm. The fan has stopped. Please move “it”.",
    "Is it off?Yes!Go.": "Is it off? Yes! Go.",
    "The lamp uses less [1, 2], or more [3-5][6] power [citation needed].": "The lamp uses less, or more power.",
    "It rose (Brandt, 2011; Okoye & Lind, 2016a) in water.12 The end.³": "It rose in water. The end.",
    "founded to give farm-\ners in the valley milk, and it re-\nmained a well-\nknown firm": (
        "founded to give farmers\nin the valley milk, and it remained\na well-known\nfirm"
    ),
    "The cumu- lative rainfall and the measure- ments": "The cumulative rainfall and the measurements",
    "a latent code-\nbased scheme with an encoder-\ndecoder, the decoder is small and OCI-\ncompliant": (
        "a latent code-based\nscheme with an encoder-decoder,\nthe decoder is small and OCI-compliant"
    ),
    "a soft\xadware": "a soft\xadware",
}  # fmt: skip


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_stays(text: str) -> None:
    clean = read_text(text)
    assert clean.text == text


@pytest.mark.parametrize(("source", "expected"), READ.items())
def test_reads(source: str, expected: str) -> None:
    assert read_text(source).text.strip() == expected


@pytest.mark.parametrize("source", [text for text in READ if "\\ud83d" not in text])
def test_clean_text_is_clean(source: str) -> None:
    once = read_text(source).text
    assert read_text(once).text == once


@pytest.mark.parametrize("source", ["<br>", "<p></p>", "&nbsp;", "![a](b)", "{}", "[]", "12:03\n12:04\n12:05"])
def test_a_text_of_marks_alone_keeps_its_words(source: str) -> None:
    assert read_text(source).text == source


@pytest.mark.parametrize(
    "source", ["[" * 100_000, "{" * 50_000 + "}", '{"a":' * 5_000 + "1" + "}" * 5_000, "<" * 10_000]
)
def test_deep_nesting_is_plain_text(source: str) -> None:
    assert read_text(source).source == source
