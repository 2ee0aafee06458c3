"""Texts without labels: beginnings in the right language and under the right licence, no source more than its share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tiny_corpus import json_lines, write_gzipped

from briefd_build.corpora import unlabelled
from briefd_build.corpora.unlabelled import describe_unlabelled, read_unlabelled
from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path


def record(text: str, **fields: Any) -> dict[str, Any]:
    return {"text": text, "lang": "en", "licence": "MIT", "split": "train", "title": "Pumps", "summary": None} | fields


def write(data: Path, name: str, *records: dict[str, Any]) -> None:
    write_gzipped(data / "pairs" / f"{name}.jsonl.gz", json_lines(records))


def test_beginnings_are_read_source_by_source(tmp_path: Path) -> None:
    write(tmp_path, "b_blog", record("Pumps fail. Tanks leak.\nNobody knows."))
    write(tmp_path, "a_blog", record("It rained."), record("—"))
    documents = read_unlabelled(tmp_path, "en")
    assert [each.sentences for each in documents] == [("It rained.",), ("Pumps fail.", "Tanks leak.", "Nobody knows.")]
    assert not any(each.references or each.trees or each.prominence for each in documents)


@pytest.mark.parametrize(
    "fields", [{"lang": "fr"}, {"licence": "CC-BY-SA-3.0"}, {"licence": "CC-BY-2.5"}, {"split": "dev"}]
)
def test_other_languages_licences_and_splits_are_left_alone(tmp_path: Path, fields: dict[str, str]) -> None:
    write(tmp_path, "a", record("It rained.", **fields), record("It snowed."))
    assert [each.sentences for each in read_unlabelled(tmp_path, "en")] == [("It snowed.",)]


def test_no_source_and_no_text_is_read_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unlabelled, "_RECORDS_PER_SOURCE", 3)
    monkeypatch.setattr(unlabelled, "_COMMITS_PER_SOURCE", 2)
    write(tmp_path, "blog", *[record("It rained in the cellar. " * 300)] * 5)
    write(tmp_path, "commits_pump", *[record("Stop the pump.")] * 5)
    documents = read_unlabelled(tmp_path, "en")
    assert [len(each.sentences) for each in documents] == [80, 80, 80, 1, 1]


def test_without_texts_there_is_nothing_to_learn_from(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"pairs has no text .* data.unlabelled=false"):
        read_unlabelled(tmp_path, "en")


def test_a_manifest_names_what_was_read(tmp_path: Path) -> None:
    write(tmp_path, "b", record("It rained.", source="b/blog", licence="CC-BY-4.0"))
    write(tmp_path, "a", record("It rained.", source="a/blog"))
    write(tmp_path, "c", record("Il pleut.", source="c/blog", lang="fr"))
    assert describe_unlabelled(tmp_path, "en") == [
        {"folder": "pairs", "repository": "a/blog", "license": "MIT"},
        {"folder": "pairs", "repository": "b/blog", "license": "CC-BY-4.0"},
    ]
