"""The three forms of a run's report: their structure, and that no text in them can do harm."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from run_records import METRICS, make_cost, make_record, make_stage

from briefd_build.errors import BuildError
from briefd_build.pipeline.results import Disagreement, Interval, RunRecord
from briefd_build.reporting import quantities, record_from_json, record_to_json, write_reports
from briefd_build.reporting.markdown import Markdown, escaped
from briefd_build.reporting.plots import Point, draw_quality

VOID = {"meta", "br", "hr", "img", "link", "input"}
EVIL = "<script>alert(1)</script>\u202e$x^2$ & \"'|`*\x1b[31m\ud800"


class Page(HTMLParser):
    """Elements with their attributes, ids, and what was left open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def write(record: RunRecord, folder: Path) -> tuple[Page, str, str]:
    page, markdown, document = write_reports(record, folder)
    text = page.read_text(encoding="utf-8")
    return Page(text), text, markdown.read_text(encoding="utf-8") + document.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "made" / "here"
    write_reports(make_record(), folder)
    return folder


def test_the_page_stands_alone(reported: Path) -> None:
    html = (reported / "report.html").read_text(encoding="utf-8")
    page = Page(html)
    assert not page.open
    assert not page.all("script")
    assert not page.all("link")
    assert not page.all("img")
    assert not re.search(r'(?:src|href)="(?!#)', html)
    assert "url(http" not in html
    assert "default-src 'none'" in html
    assert "prefers-color-scheme: dark" in html


def test_the_page_can_be_read_by_all(reported: Path) -> None:
    page = Page((reported / "report.html").read_text(encoding="utf-8"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(attributes.get("aria-label") for attributes in page.all("svg"))
    assert {attributes["role"] for attributes in page.all("svg")} == {"img"}
    assert all(attributes.get("scope") in {"col", "row"} for attributes in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) >= 7
    assert len(page.all("h1")) == 1
    targets = [attributes["href"] for attributes in page.all("a")]
    assert {f"#{each}" for each in ids} >= set(targets)
    assert page.all("html")[0]["lang"] == "en"


def test_colours_are_the_pages(reported: Path) -> None:
    html = (reported / "report.html").read_text(encoding="utf-8")
    drawings = "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))
    assert "var(--series-1)" in drawings
    assert not re.findall(r"#[0-9a-f]{6}", drawings)
    style = html[html.index("<style>") : html.index("</style>")]
    used = set(re.findall(r"var\((--[\w-]+)\)", html))
    assert used <= set(re.findall(r"(--[\w-]+):", style))


def test_all_forms_hold_every_column_and_what_did_not_pay(reported: Path) -> None:
    page = Page((reported / "report.html").read_text(encoding="utf-8")).text
    markdown = (reported / "report.md").read_text(encoding="utf-8")
    wanted = ["Compressed", "Parameters", "Non-zeros", "MACs a call", "Read a call", "Load", "Memory", "Peak memory"]
    wanted += ["p50", "p95", "CPU a call", "Energy a call", "ROUGE-L", "Word F1", "Within length", "Agreement"]
    wanted += ["estimated: processor time", "dense kernels multiply zeros too", "Latency ratio", "fails", "Apache-2.0"]
    wanted += ["onnxruntime", "brief-build run pythia-70m", "Mill Street bridge", "last bits may differ"]
    for text in wanted:
        assert text in page
        assert text.replace("-", "-") in markdown
    assert "did not pay: lost 0.6 points" in markdown
    assert "Did not pay" in page


def test_json_is_the_record(reported: Path) -> None:
    content = json.loads((reported / "report.json").read_text(encoding="utf-8"))
    assert record_from_json(content, "report.json") == make_record()


def test_one_record_gives_one_page(tmp_path: Path, reported: Path) -> None:
    write_reports(make_record(), tmp_path)
    for name in ("report.html", "report.md", "report.json"):
        assert (tmp_path / name).read_bytes() == (reported / name).read_bytes()


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    stages = [make_stage("source"), make_stage(EVIL, done=EVIL, check=EVIL, verdict=EVIL, parameters={EVIL: [EVIL]})]
    record = make_record(
        recipe={"name": EVIL, "description": EVIL},
        metrics=[dataclasses.replace(METRICS[0], title=EVIL)],
        stages=stages,
        disagreements=[Disagreement(EVIL, EVIL, EVIL, EVIL)],
        evaluation={EVIL: 3},
        environment={EVIL: EVIL},
        provenance={EVIL: {EVIL: EVIL}},
        command=EVIL,
        notes=[EVIL],
    )
    page, html, others = write(record, tmp_path)
    assert not page.open
    assert not page.all("script")
    assert "<script>alert" not in html
    markdown = others[: others.index('{\n  "recipe": {\n    "name"', others.index("## Notes"))]
    outside_code = re.sub(r"^(`{3,})\n.*?^\1$", "", markdown, flags=re.DOTALL | re.MULTILINE)
    assert "<script>" not in outside_code.replace("\\<", "")
    for text in (html, others):
        assert not re.search("[\u202e\x1b\ud800]", text)
    assert html.count("$x^2$") > 10


def test_what_was_not_measured_is_a_dash(tmp_path: Path) -> None:
    nothing = make_cost(
        macs=None,
        bytes_read=None,
        rss_bytes=None,
        rss_peak_bytes=None,
        joules=None,
        load_seconds=math.nan,
        p50_ms=math.nan,
        p95_ms=math.nan,
        cpu_seconds=math.nan,
        file_bytes=0,
        compressed_bytes=0,
        parameters=0,
        nonzeros=0,
    )
    nowhere = {"rouge_l": Interval(math.nan, math.nan, math.nan)}
    stages = [make_stage(name, cost=nothing, quality=nowhere, agreement=math.nan) for name in ("source", "after")]
    page, html, others = write(make_record(stages=stages, gates=[], pytorch=nothing, disagreements=[]), tmp_path)
    assert not page.open
    assert not re.search(r"\bnan\b", html + others, re.IGNORECASE)
    assert "–" in page.text


@pytest.mark.parametrize("count", [1, 2, 31])
def test_any_number_of_stages_is_shown(count: int, tmp_path: Path) -> None:
    stages = [
        make_stage(
            f"stage-{number}" if number else "source", 0.31 - 0.001 * number, cost=make_cost(p50_ms=180.0 - number)
        )
        for number in range(count)
    ]
    page, _, _ = write(make_record(stages=stages, pytorch=None), tmp_path)
    assert len(page.all("svg")) == 5
    assert all(stage.name in page.text for stage in stages)


def test_long_names_are_whole_in_the_tables_and_cut_in_the_plots(tmp_path: Path) -> None:
    name = "prune-structured-heads-and-feed-forward-widths-" * 4
    _, html, _ = write(make_record(stages=[make_stage("source"), make_stage(name)]), tmp_path)
    assert f"1 {name}" in html
    assert f">1 {name[:20]}" in html


def test_a_report_replaces_the_one_before(tmp_path: Path) -> None:
    write_reports(make_record(notes=["the first one"]), tmp_path)
    write_reports(make_record(notes=["the second one"]), tmp_path)
    assert "the first one" not in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["report.html", "report.json", "report.md"]


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(BuildError, match=r"cannot be written .*; name another --out"):
        write_reports(make_record(), tmp_path / "file" / "folder")


@settings(max_examples=40)
@given(st.text(max_size=80))
def test_texts_are_not_read_as_markdown(text: str) -> None:
    block = Markdown()
    block.paragraph(text)
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(block.written())
    shown = " ".join(Page(html).text.split())
    assert shown == " ".join(re.sub("�", "", " ".join(text.split())).split()) or "�" in shown
    assert {name for name, _ in Page(html).elements} <= {"p"}


def test_a_pipe_does_not_end_a_cell() -> None:
    assert escaped("a|b\nc") == "a\\|b c"


def test_the_record_keeps_hostile_texts_as_they_were() -> None:
    record = make_record(notes=["a\u202eb<script>"])
    assert record_from_json(json.loads(json.dumps(record_to_json(record))), "here") == record


def test_labels_of_many_points_cover_neither_each_other_nor_a_point() -> None:
    points = [
        Point(f"stage {number}", 180.0 - number, 0.31 - 0.001 * number, series=number % 2) for number in range(40)
    ]
    drawn = ET.fromstring(draw_quality("key", "alt", points, "time", "quality", quantities.milliseconds))
    labels = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text") if element.text]
    shown = [label for label in labels if label.startswith("stage ")]
    assert "stage 0" in shown
    assert len(shown) == len(set(shown)) < 40
    few = ET.fromstring(draw_quality("key", "alt", points[::8], "time", "quality", quantities.milliseconds))
    assert sum(1 for element in few.iter() if (element.text or "").startswith("stage ")) == 5
