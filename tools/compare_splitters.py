"""Compare the sentence finder with `sentencex`, on the gold sentences of treebanks.

    pip install --target /tmp/sentencex sentencex
    python tools/compare_splitters.py --with /tmp/sentencex TREEBANK.conllu.gz …

The raw text is made of each sentence's `# text`, with a blank between sentences unless the last token says
`SpaceAfter=No`, and an empty line where a paragraph or document begins. Counted are the beginnings of sentences within
paragraphs, since an empty line tells the others. With `--show`, the first ones that ours misses or adds are printed.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from briefd_server.text.formats import read_text
from briefd_server.text.sentences import find_sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_AROUND = 40


def main() -> None:
    """Print precision, recall and F1 of both, a line a treebank."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("treebanks", nargs="+", type=Path, help="CoNLL-U files, packed by gzip")
    parser.add_argument("--with", dest="folder", help="folder that sentencex was installed in")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print the first N faults of ours")
    arguments = parser.parse_args()
    splitters: dict[str, Callable[[str], list[int]]] = {"ours": _our_starts}
    if arguments.folder:
        sys.path.insert(0, arguments.folder)
        splitters["sentencex"] = _their_starts
    for treebank in arguments.treebanks:
        paragraphs = list(_read_paragraphs(treebank))
        for name, splitter in splitters.items():
            print(f"{treebank.parent.name}/{treebank.name} {name}: {_score(paragraphs, splitter)}")
        if arguments.show:
            _show(paragraphs, arguments.show)


def _our_starts(text: str) -> list[int]:
    clean = read_text(text)
    return [clean.source_start(sentence.start) for sentence in find_sentences(clean.text)]


def _their_starts(text: str) -> list[int]:
    from sentencex import segment  # type: ignore[import-not-found]  # noqa: PLC0415 - installed for the comparison only

    starts = []
    position = 0
    for sentence in segment("en", text):
        if stripped := sentence.strip():
            starts.append(text.index(stripped, position))
            position = starts[-1] + len(stripped)
    return starts


def _read_paragraphs(path: Path) -> Iterator[tuple[str, set[int]]]:
    """Read paragraphs with the offsets that their sentences begin at, the first one left out."""
    text, is_spaced = "", True
    starts: set[int] = set()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(("# newdoc", "# newpar")) and text:
                yield text, starts - {0}
                text, starts, is_spaced = "", set(), True
            elif line.startswith("# text = "):
                text += " " if text and is_spaced else ""
                starts.add(len(text))
                text += line.removeprefix("# text = ").strip()
            elif line[:1].isdigit():
                is_spaced = "SpaceAfter=No" not in line
    if text:
        yield text, starts - {0}


def _score(paragraphs: list[tuple[str, set[int]]], splitter: Callable[[str], list[int]]) -> str:
    right = found = gold = 0
    for text, starts in paragraphs:
        ours = set(splitter(text)[1:])
        right += len(ours & starts)
        found += len(ours)
        gold += len(starts)
    precision, recall = right / max(1, found), right / max(1, gold)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return f"precision {100 * precision:.2f} %, recall {100 * recall:.2f} %, F1 {100 * f1:.2f} ({gold} boundaries)"


def _show(paragraphs: list[tuple[str, set[int]]], most: int) -> None:
    shown = 0
    for text, starts in paragraphs:
        ours = set(_our_starts(text)[1:])
        for start in sorted(ours ^ starts)[: most - shown]:
            fault = "added" if start in ours else "missed"
            print(fault, text[max(0, start - _AROUND) : start], "|", text[start : start + _AROUND])
            shown += 1


if __name__ == "__main__":
    main()
