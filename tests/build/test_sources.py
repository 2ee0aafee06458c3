"""Where the builder's data comes from: a directory that is at hand, or public files with the right hashes."""

from __future__ import annotations

import gzip
import hashlib
import socket
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from briefd_build.corpora.extracts import in_order_of_ids, of_genres
from briefd_build.corpora.sources import cache_directory, fill_cache, find_data
from briefd_build.errors import BuildError
from briefd_build.provenance import (
    EDITED_SOURCES,
    TRAINING_SOURCES,
    EditedSource,
    PublicFile,
    Source,
    describe_sources,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

TREEBANK = """# newdoc id = b
# meta::genre = news
1\tBees\t_

# newdoc id = a
# meta::genre = fiction
1\tÄpfel\t_

"""
OTHER_RELEASE = TREEBANK.replace("Bees", "Wasps")
NEWS = TREEBANK[: TREEBANK.index("# newdoc id = a")]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def source_of(*files: PublicFile) -> Source:
    return Source("bank", "owner/repository", "CC0-1.0", files)


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Keep the tests' output clean."""

    def send_head(self):
        if "/broken/" in self.path:
            self.send_error(500)
            return None
        if "/cut/" in self.path:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.close_connection = True
            return None
        return super().send_head()


@contextmanager
def published(directory: Path) -> Iterator[str]:
    """Serve a directory over HTTP on the loopback interface."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(directory))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def public_files(tmp_path: Path) -> Iterator[str]:
    repository = tmp_path / "public/owner/repository"
    for revision, text in {"r1": OTHER_RELEASE, "r2": TREEBANK}.items():
        (repository / revision).mkdir(parents=True)
        (repository / revision / "all of it.conllu").write_text(text, encoding="utf-8")
    with published(tmp_path / "public") as address:
        yield address


def silent(_stage: str, _done: float) -> None:
    """Report to nobody."""


def fill(cache: Path, source: Source, address: str) -> None:
    fill_cache(cache, silent, [source], [], address)


def test_fetches_the_revision_with_the_right_hash(tmp_path: Path, public_files: str) -> None:
    whole = PublicFile("whole.gz", "all of it.conllu", ("r0", "r1", "r2"), sha256(TREEBANK))
    news = PublicFile("news.gz", "all of it.conllu", ("r2",), sha256(NEWS), of_genres("news", "speech"))
    stages: list[tuple[str, float]] = []
    fill_cache(
        tmp_path / "cache", lambda stage, done: stages.append((stage, done)), [source_of(whole, news)], [], public_files
    )
    assert gzip.decompress((tmp_path / "cache/bank/whole.gz").read_bytes()).decode() == TREEBANK
    assert gzip.decompress((tmp_path / "cache/bank/news.gz").read_bytes()).decode() == NEWS
    assert stages == [("fetching bank/whole.gz", 0.0), ("fetching bank/news.gz", 0.5)]


def test_fetches_nothing_twice_and_only_what_is_lacking(tmp_path: Path, public_files: str) -> None:
    file = PublicFile("whole.gz", "all of it.conllu", ("r2",), sha256(TREEBANK))
    fill(tmp_path / "cache", source_of(file), public_files)
    fetched = (tmp_path / "cache/bank/whole.gz").stat()
    fill(tmp_path / "cache", source_of(file), "http://127.0.0.1:1")
    assert (tmp_path / "cache/bank/whole.gz").stat().st_mtime_ns == fetched.st_mtime_ns


@pytest.mark.parametrize(
    ("revisions", "complaint"),
    [
        (("r1", "r0"), "has all of it.conllu at none of r1, r0 as this builder knows it"),
        (("broken",), r"can't fetch .* \(status 500\); connect to the network"),
        (("cut",), r"can't fetch .* \(IncompleteRead\); connect to the network"),
    ],
)
def test_a_file_that_is_not_the_expected_one_leaves_nothing(
    tmp_path: Path, public_files: str, revisions: tuple[str, ...], complaint: str
) -> None:
    file = PublicFile("whole.gz", "all of it.conllu", revisions, sha256(TREEBANK))
    with pytest.raises(BuildError, match=complaint) as error:
        fill(tmp_path / "cache", source_of(file), public_files)
    assert "--data" in str(error.value)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_no_network_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    file = PublicFile("whole.gz", "a.conllu", ("r1",), sha256(TREEBANK))
    with pytest.raises(BuildError, match=r"can't fetch .*connect to the network, or name a data directory"):
        fill(tmp_path, source_of(file), f"http://127.0.0.1:{port}")


def test_an_edited_corpus_must_be_copied(tmp_path: Path) -> None:
    edited = EditedSource("posts", "owner/site", "CC0-1.0", ("train.gz",))
    with pytest.raises(BuildError, match=f"posts was edited out of owner/site .* copy the folder .* to {tmp_path}"):
        fill_cache(tmp_path, silent, [], [edited])
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/train.gz").touch()
    fill_cache(tmp_path, silent, [], [edited])


def lay_out(directory: Path) -> None:
    """Make every file that the builder reads, empty."""
    files = [f"{source.folder}/{file.name}" for source in TRAINING_SOURCES for file in source.files]
    files += [f"{source.folder}/{name}" for source in EDITED_SOURCES for name in source.names]
    for file in files:
        (directory / file).parent.mkdir(parents=True, exist_ok=True)
        (directory / file).touch()


def test_takes_a_directory_as_it_is_when_it_is_complete(tmp_path: Path) -> None:
    lay_out(tmp_path)
    assert find_data(tmp_path, tmp_path / "cache", silent) == tmp_path
    (tmp_path / "gum/dev.conllu.gz").unlink()
    (tmp_path / "scitldr/train.jsonl.gz").unlink()
    with pytest.raises(BuildError, match=r"lacks gum/dev\.conllu\.gz, scitldr/train\.jsonl\.gz; copy"):
        find_data(tmp_path, tmp_path / "cache", silent)


def test_takes_the_shared_directory_before_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    lay_out(tmp_path / "cache")
    assert find_data(None, tmp_path / "cache", silent) == tmp_path / "cache"
    lay_out(tmp_path / "shared/data")
    assert find_data(None, tmp_path / "cache", silent) == Path("../shared/data")


@pytest.mark.parametrize("environ", [{}, {"XDG_CACHE_HOME": ""}, {"XDG_CACHE_HOME": "relative"}])
def test_caches_at_home_without_a_valid_setting(environ: dict[str, str]) -> None:
    assert cache_directory(environ) == Path.home() / ".cache/briefd/data"


def test_caches_where_the_user_wants() -> None:
    assert cache_directory({"XDG_CACHE_HOME": "/var/tmp/x"}) == Path("/var/tmp/x/briefd/data")


def test_extracts_documents() -> None:
    assert in_order_of_ids(TREEBANK) == TREEBANK[len(NEWS) :] + NEWS
    assert in_order_of_ids(in_order_of_ids(TREEBANK)) == in_order_of_ids(TREEBANK)
    assert of_genres("news")(TREEBANK) == NEWS
    assert of_genres("letter")(TREEBANK) == ""


def test_says_what_a_manifest_needs_of_every_source() -> None:
    described = describe_sources()
    assert [each["folder"] for each in described] == ["ud_english_ewt", "gum", "scitldr", "gov_posts", ""]
    assert all(set(each) == {"folder", "repository", "license"} for each in described)
    assert all(each["license"] for each in described)
