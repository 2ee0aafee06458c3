"""Every measure of a bundle in one report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from rich.table import Table

from briefd_build.corpora.collection import TREEBANKS
from briefd_build.corpora.documents import Document, read_abstracts, read_posts, read_treebank
from briefd_build.evaluation.attachment import AttachmentScores, score_attachment
from briefd_build.evaluation.compression import CompressionScores, read_compression_sets, score_compressions
from briefd_build.evaluation.lengths import Compliance, score_compliance
from briefd_build.evaluation.salience import salience_auc
from briefd_build.evaluation.speed import Latency, time_engine
from briefd_server.engines.extractive import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from briefd_server.bundle import Bundle
    from briefd_server.engines.extractive.engine import ExtractiveEngine


@dataclass(frozen=True)
class Evaluation:
    """What was measured of one variant of a bundle; `compressions` is empty where the sets are not at hand."""

    variant: str
    model_bytes: int
    attachment: AttachmentScores
    salience_auc: float
    compressions: dict[str, CompressionScores]
    compliance: Compliance
    latency: Latency

    def to_json(self) -> dict[str, Any]:
        """Write the evaluation as a manifest carries it."""
        return asdict(self)

    def table(self) -> Table:
        """Lay the evaluation out for people."""
        table = Table("measure", "value", title=f"variant {self.variant}")
        for name, value in _flatten("", self.to_json()):
            if name != "variant":
                table.add_row(name, f"{value:.4g}" if isinstance(value, float) else f"{value:,}")
        return table


def evaluate(
    bundle: Bundle, variant: str, data: Path, thread_count: int, report: Callable[[str, float], None]
) -> Evaluation:
    """Measure a variant of a bundle on the held-out data: the treebanks' test sets, the other sets' dev sets."""
    engine = load(bundle, variant, thread_count)
    held_out = read_held_out(data)
    report("attachment", 0.1)
    treebanks = [each for name in TREEBANKS for each in read_treebank(data / name / "test.conllu.gz")]
    attachment = score_attachment(engine, treebanks)
    report("salience", 0.3)
    auc = salience_auc(engine, held_out)
    report("compression", 0.5)
    compressions = _compressions(engine, data)
    report("length", 0.8)
    texts = [" ".join(document.sentences) for document in (*held_out, *treebanks)]
    compliance = score_compliance(engine, texts)
    report("latency", 0.9)
    latency = time_engine(engine, [text for document in treebanks for text in _beginnings(document)])
    size = (bundle.directory / bundle.manifest.variants[variant].file).stat().st_size
    return Evaluation(variant, size, attachment, auc, compressions, compliance, latency)


def read_held_out(data: Path) -> list[Document]:
    """Read the documents with reference summaries that no training saw."""
    treebank = [*read_treebank(data / "gum" / "dev.conllu.gz"), *read_treebank(data / "gum" / "test.conllu.gz")]
    abstracts = read_abstracts(data / "scitldr" / "dev.jsonl.gz")
    return [*treebank, *abstracts, *read_posts(data / "gov_posts" / "dev.jsonl.gz")]


def _compressions(engine: ExtractiveEngine, data: Path) -> dict[str, CompressionScores]:
    folder = data / "compression_dev"
    sets = read_compression_sets(folder) if folder.is_dir() else []
    return {each.name: score_compressions(engine, each) for each in sets}


def _beginnings(document: Document) -> list[str]:
    """Every beginning of a document that ends with a sentence."""
    return list(accumulate(document.sentences, lambda text, sentence: f"{text} {sentence}"))[:40]


def _flatten(prefix: str, values: dict[str, Any]) -> list[tuple[str, Any]]:
    rows = []
    for name, value in values.items():
        rows += _flatten(f"{prefix}{name} ", value) if isinstance(value, dict) else [(f"{prefix}{name}", value)]
    return rows
