"""A data directory for the builder, small enough to train on in seconds, and an encoder to start from."""

from __future__ import annotations

import gzip
import json
import random
from typing import TYPE_CHECKING

from tiny_tokenizer import make_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NOUNS = ("pump", "tank", "valve", "boiler", "filter", "engine", "sensor", "heater")
_VERBS = ("stopped", "filled", "opened", "cooled", "reached", "blocked")
_PLACES = ("cellar", "station", "harbour", "village")
_ADJECTIVES = ("old", "new", "small", "broken")
VOCABULARY = ("the", "in", "near", "and", *_NOUNS, *_VERBS, *_PLACES, *_ADJECTIVES)

# "The old pump filled the tank in the cellar." as form, tag, head (from 1) and relation.
_PATTERN = (
    ("The", "DET", 3, "det"),
    ("{adjective}", "ADJ", 3, "amod"),
    ("{subject}", "NOUN", 4, "nsubj"),
    ("{verb}", "VERB", 0, "root"),
    ("the", "DET", 6, "det"),
    ("{object}", "NOUN", 4, "obj"),
    ("{preposition}", "ADP", 9, "case"),
    ("the", "DET", 9, "det"),
    ("{place}", "NOUN", 4, "obl"),
    (".", "PUNCT", 4, "punct"),
)


def _draw(chance: random.Random) -> dict[str, str]:
    subject, item = chance.sample(_NOUNS, 2)
    return {
        "adjective": chance.choice(_ADJECTIVES),
        "subject": subject,
        "verb": chance.choice(_VERBS),
        "object": item,
        "preposition": chance.choice(["in", "near"]),
        "place": chance.choice(_PLACES),
    }


def _forms(drawn: dict[str, str]) -> list[str]:
    return [form.format(**drawn) for form, *_ in _PATTERN]


def sentence(chance: random.Random) -> str:
    """Make a sentence of nine words."""
    return " ".join(_forms(_draw(chance))).replace(" .", ".")


def _treebank_document(name: str, sentence_count: int, chance: random.Random) -> str:
    drawn = [_draw(chance) for _ in range(sentence_count)]
    summary = "The {subject} {verb} the {object}.".format(**drawn[0])
    lines = [f"# newdoc id = {name}", f"# meta::summary1 = (human) {summary}"]
    for number, each in enumerate(drawn):
        lines += [f"# sent_id = {name}-{number}", f"# s_prominence = {1 if number == 0 else 4}"]
        rows = zip(_forms(each), _PATTERN, strict=True)
        for position, (form, (_, tag, head, relation)) in enumerate(rows, start=1):
            misc = "SpaceAfter=No" if position == len(_PATTERN) - 1 else "_"
            lines.append(f"{position}\t{form}\t_\t{tag}\t_\t_\t{head}\t{relation}\t_\t{misc}")
        lines.append("")
    return "\n".join(lines) + "\n"


def _abstract(chance: random.Random) -> dict[str, object]:
    source = [sentence(chance) for _ in range(4)]
    return {"source": source, "target": [source[0].replace(" in the", " near the")]}


def _post(chance: random.Random) -> dict[str, object]:
    text = "\n".join(" ".join(sentence(chance) for _ in range(3)) for _ in range(3))
    return {"title": text.split(".")[0], "summary": chance.choice(["", text.split(".")[1]]), "text": text}


def _pair(chance: random.Random) -> dict[str, object]:
    post = _post(chance)
    return {**post, "source": "somebody/blog", "licence": "CC-BY-4.0", "lang": "en", "split": "train"}


def _compression(chance: random.Random) -> dict[str, object]:
    drawn = _draw(chance)
    text = " ".join(_forms(drawn)).replace(" .", ".")
    return {"text": text, "summaries": ["The {subject} {verb} the {object}.".format(**drawn)]}


def write_gzipped(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def json_lines(records: Iterable[object]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def write_corpus(data: Path, train_count: int = 12) -> None:
    """Write every file that the builder reads: `train_count` documents a training set, three a held-out one."""
    chance = random.Random(7)
    for folder, parts in {"ud_english_ewt": ("train", "test"), "gum": ("train", "dev", "test")}.items():
        for part in parts:
            count = train_count if part == "train" else 3
            documents = [_treebank_document(f"{folder}-{part}-{n}", 12, chance) for n in range(count)]
            write_gzipped(data / folder / f"{part}.conllu.gz", "".join(documents))
    for folder, make in {"scitldr": _abstract, "gov_posts": _post}.items():
        for part, count in {"train": train_count, "dev": 3}.items():
            write_gzipped(data / folder / f"{part}.jsonl.gz", json_lines(make(chance) for _ in range(count)))
    pairs = json_lines(_pair(chance) for _ in range(train_count))
    write_gzipped(data / "pairs" / "blog.jsonl.gz", pairs)
    (data / "compression_dev").mkdir()
    for name in ("broadcast", "newsroom"):
        lines = json_lines(_compression(chance) for _ in range(4))
        (data / "compression_dev" / f"{name}.jsonl").write_text(lines, encoding="utf-8")


def write_encoder(directory: Path) -> None:
    """Save a random BERT of two narrow layers, as published ones are saved."""
    import torch  # noqa: PLC0415 - takes seconds
    from transformers import BertConfig, BertModel  # noqa: PLC0415 - likewise

    tokenizer = make_tokenizer(VOCABULARY)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=512,
    )
    torch.manual_seed(3)
    BertModel(config).save_pretrained(directory)
    tokenizer.save(str(directory / "tokenizer.json"))
