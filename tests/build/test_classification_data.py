"""Labelled texts: what is read, what is refused and how, and that no split leaks."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub.errors import RepositoryNotFoundError
from hypothesis import given
from hypothesis import strategies as st

from briefd_build.classification import hub_set, rated_snippets
from briefd_build.classification.data import DataTable, read_set
from briefd_build.classification.labelled import LabelledText, read_labelled
from briefd_build.classification.splitting import split_by_group, without_twins
from briefd_build.errors import BuildError
from briefd_build.pipeline.parsing import build

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "Dr. Who's diagnosis"


def written(tmp_path: Path, content: str | bytes, name: str = "texts.jsonl") -> Path:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_json_lines_are_read(tmp_path: Path) -> None:
    content = lines({"text": " fine \n", "label": "good"}, {"text": "poor", "label": 0, "group": 7, "more": None})
    file = written(tmp_path, b"\xef\xbb\xbf" + content.replace("\n{", "\r\n\n{").encode())
    assert read_labelled(file) == [
        LabelledText("fine", "good", "fine"),
        LabelledText("poor", "0", "7"),
    ]


def test_tables_are_read(tmp_path: Path) -> None:
    file = written(tmp_path, 'id\tsentence\tlabel\n1\tsays "no\t0\n2\tyes\t1\r\n', "texts.tsv")
    names = [(each.text, each.label) for each in read_labelled(file, ("negative", "positive"))]
    assert names == [('says "no', "negative"), ("yes", "positive")]


@pytest.mark.parametrize(
    ("content", "line", "fix"),
    [
        (lines({"text": "a", "label": "bad"}) + SECRET, 2, "not valid JSON"),
        ("[" * 5000, 1, "not valid JSON"),
        (lines([SECRET]), 1, "not a JSON object"),
        (lines({"text": SECRET}), 1, "no `label`"),
        (lines({"text": SECRET, "label": True}), 1, "no `label`"),
        (lines({"text": SECRET, "label": 1.5}), 1, "no `label`"),
        (lines({"text": SECRET, "label": " "}), 1, "no `label`"),
        (lines({"text": SECRET, "label": 2}), 1, "not from 0 to 1"),
        (lines({"text": SECRET, "label": "grand"}), 1, "none of bad, good"),
        (lines({"text": "  ", "label": "bad"}), 1, "no `text`"),
        (lines({"text": 5, "label": "bad"}), 1, "no `text`"),
        (lines({"text": SECRET + "\ud800", "label": "bad"}), 1, "half of a character"),
        (lines({"text": SECRET, "label": "bad", "group": [1]}), 1, "`group`"),
        (b'{"text": "\xff' + SECRET.encode() + b'", "label": "bad"}', 1, "not UTF-8"),
    ],
)
def test_a_line_that_is_no_labelled_text_is_named(tmp_path: Path, content: str | bytes, line: int, fix: str) -> None:
    with pytest.raises(BuildError, match=fix) as refusal:
        read_labelled(written(tmp_path, content), ("bad", "good"))
    assert f"texts.jsonl, line {line}: " in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert "Who" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "fix"),
    [
        (f"{SECRET}\t1\n", "line 1: the header names no columns"),
        (f"text\tlabel\n{SECRET}\n", "line 2: 1 columns where the header has 2"),
        (f"text\tlabel\n{SECRET}\t \n", "line 2: it has no `label`"),
        ("text\tlabel\n", "holds no labelled texts"),
        ("", "line 1: the header names no columns"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, content: str, fix: str) -> None:
    with pytest.raises(BuildError, match=fix) as refusal:
        read_labelled(written(tmp_path, content, "texts.tsv"))
    assert "Who" not in str(refusal.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"none\.jsonl cannot be read \(No such file"):
        read_labelled(tmp_path / "none.jsonl")


some_texts = st.lists(
    st.builds(
        LabelledText, st.sampled_from(["a", "A", "b", "c  d", "C d", "e", "f", "g"]), st.just("x"), st.text(max_size=3)
    ),
    max_size=40,
)


@given(some_texts)
def test_no_text_and_no_group_is_in_two_parts(texts: list[LabelledText]) -> None:
    parts = split_by_group(texts)
    for key in (lambda each: each.group, lambda each: " ".join(each.text.casefold().split())):
        found = [{key(each) for each in part} for part in parts]
        assert sum(map(len, found)) == len(set.union(*found))
    assert set().union(*parts) <= set(texts)


def test_a_split_does_not_depend_on_where_the_file_is(tmp_path: Path) -> None:
    content = lines(*({"text": f"text {number}", "label": "x"} for number in range(300)))
    splits = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "texts.jsonl").write_text(content)
        splits.append(split_by_group(read_labelled(tmp_path / folder / "texts.jsonl")))
    assert splits[0] == splits[1]
    assert splits[0].test


@given(some_texts, some_texts)
def test_a_group_stays_where_it_is_when_others_come(texts: list[LabelledText], others: list[LabelledText]) -> None:
    before, after = split_by_group(texts), split_by_group([*texts, *others])
    for part, same in zip(before, after, strict=True):
        assert [each for each in same if each in part] == part


def test_shares_are_as_told() -> None:
    train, dev, test = split_by_group([LabelledText(f"t{n}", "x", f"g{n}") for n in range(4000)])
    assert len(test) == pytest.approx(400, abs=60)
    assert len(dev) == pytest.approx(200, abs=45)
    assert len(train) + len(dev) + len(test) == 4000


def test_twins_of_known_texts_go() -> None:
    known = [LabelledText("A  b", "x", "1")]
    assert without_twins([LabelledText("a B", "y", "2"), LabelledText("c", "y", "3")], known) == [
        LabelledText("c", "y", "3")
    ]


def files_table(tmp_path: Path, train: str, **others: str) -> DataTable:
    return DataTable(train=str(written(tmp_path, train)), **others)  # type: ignore[arg-type]


def test_files_are_split_and_a_test_of_their_own_is_kept_out(tmp_path: Path) -> None:
    train = lines(*({"text": f"t{n}", "label": "ab"[n % 2]} for n in range(200)))
    test = written(tmp_path, lines(*({"text": f"T{n}", "label": "ab"[n % 2]} for n in range(20))), "test.jsonl")
    labelled = read_set(files_table(tmp_path, train, test=str(test)))
    assert labelled.labels == ("a", "b")
    assert len(labelled.split.test) == 20
    assert sum(map(len, labelled.split)) == 200
    assert not labelled.may_be_shown
    assert read_set(files_table(tmp_path, train)).split.test


@pytest.mark.parametrize(
    ("train", "fix"),
    [
        (lines(*({"text": f"t{n}", "label": "a"} for n in range(200))), "have one label"),
        (
            lines(*({"text": text, "label": label, "group": "a"} for text, label in ("ta", "ub"))),
            "no text is left for dev",
        ),
        (
            lines(*({"text": f"t{n}", "label": "ab"[n % 2], "group": "same"} for n in range(200))),
            "no text is left for (train|dev)",
        ),
    ],
)
def test_sets_that_nothing_can_be_learned_from_are_refused(tmp_path: Path, train: str, fix: str) -> None:
    with pytest.raises(BuildError, match=fix):
        read_set(files_table(tmp_path, train))


@pytest.mark.parametrize(
    ("table", "fix"),
    [
        ({}, "train is lacking"),
        ({"set": "hub"}, "name is lacking"),
        ({"set": "hubb"}, "one of files, hub, rated-snippets"),
        ({"train": "x", "labels": ["a", "a"]}, "labels must be two names"),
        ({"trian": "x"}, "did you mean train"),
    ],
)
def test_a_table_of_data_that_says_nothing_is_refused(table: dict[str, Any], fix: str) -> None:
    with pytest.raises(BuildError, match=fix):
        build(DataTable, table, "data")


def tar_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tables = {
        "tweets": "\ufeff1\t2.5\tso happy\r\n2\t-0.5\tmeh\r\n",
        "movieReviewSnippets": "1\t-0.51\tpoor\r\n",
        "amazonReviewSnippets": "1_1\t1.0\tit works\r\n1_2\t-2.0\tit broke\r\n",
        "nytEditorialSnippets": "1_1\t0.6\ta caf\u00e9 opened\r\n",
    }
    inner = tar_of({f"hutto_ICWSM_2014/{name}_GroundTruth.txt": text.encode() for name, text in tables.items()})
    content = tar_of({"vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz": inner})
    monkeypatch.setattr(rated_snippets, "SHA256", hashlib.sha256(content).hexdigest())
    file = tmp_path / rated_snippets.ARCHIVE
    file.write_bytes(content)
    return file


def test_rated_snippets_get_labels_by_their_ratings_and_groups_by_their_ids(archive: Path) -> None:
    assert rated_snippets.read_rated_snippets(archive) == [
        LabelledText("so happy", "positive", "tweets/1"),
        LabelledText("poor", "negative", "movieReviewSnippets/1"),
        LabelledText("it works", "positive", "amazonReviewSnippets/1"),
        LabelledText("it broke", "negative", "amazonReviewSnippets/1"),
        LabelledText("a caf\u00e9 opened", "positive", "nytEditorialSnippets/1"),
    ]


def test_an_archive_that_is_not_there_or_another_one_says_how_to_fetch_it(archive: Path) -> None:
    command = f"pip download --no-deps --no-binary vaderSentiment --dest {archive.parent} vaderSentiment==3.3.2"
    archive.write_bytes(b"another")
    with pytest.raises(BuildError, match="is not the published archive") as refusal:
        rated_snippets.read_rated_snippets(archive)
    assert command in str(refusal.value)
    archive.unlink()
    with pytest.raises(BuildError, match="not at hand") as refusal:
        rated_snippets.read_rated_snippets(archive)
    assert command in str(refusal.value)


def fake_hub(folder: Path) -> Callable[..., str]:
    def fetch(name: str, *, repo_type: str, revision: str | None, allow_patterns: list[str]) -> str:
        assert (name, repo_type, revision) == ("SetFit/sst2", "dataset", "abc")
        assert allow_patterns == ["train.jsonl", "dev.jsonl", "test.jsonl"]
        return str(folder)

    return fetch


def hub_table() -> DataTable:
    return DataTable(set="hub", name="SetFit/sst2", revision="abc", labels=("negative", "positive"))


def test_a_set_of_the_hub_keeps_its_own_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {"train": ["a", "b", "c", "D"], "dev": ["c", "e"], "test": ["d", "f", "E"]}
    for part, texts in parts.items():
        records = ({"text": text, "label": number % 2, "label_text": "x"} for number, text in enumerate(texts))
        written(tmp_path, lines(*records), f"{part}.jsonl")
    monkeypatch.setattr(hub_set, "snapshot_download", fake_hub(tmp_path))
    labelled = read_set(hub_table())
    assert [[each.text for each in part] for part in labelled.split] == [["a", "b"], ["c"], ["d", "f", "E"]]
    assert labelled.split.train[1].label == "positive"
    assert labelled.provenance["revision"] == "abc"


def test_a_hub_that_gives_no_set_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_set, "snapshot_download", fake_hub(tmp_path))
    with pytest.raises(BuildError, match=r"has no train\.jsonl"):
        read_set(hub_table())

    def unreachable(*_: object, **__: object) -> str:
        raise OSError("a\nb")

    monkeypatch.setattr(hub_set, "snapshot_download", unreachable)
    with pytest.raises(BuildError, match=r"did not give it \(OSError\); connect"):
        read_set(hub_table())

    def unknown(*_: object, **__: object) -> str:
        raise RepositoryNotFoundError.__new__(RepositoryNotFoundError)

    monkeypatch.setattr(hub_set, "snapshot_download", unknown)
    with pytest.raises(BuildError, match="the hub has no set 'SetFit/sst2'"):
        read_set(hub_table())
