"""Training: one network from all development sentences, its confidence calibrated on sentences that folds held out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from briefd_build.corpora.collection import TREEBANKS
from briefd_build.corpora.documents import read_treebank
from briefd_build.errors import BuildError
from briefd_build.proofreading.calibration import fit_calibration
from briefd_build.proofreading.examples import VariedCandidates, judged_sentences
from briefd_build.proofreading.fitting import fit_network
from briefd_build.proofreading.outputs import LENGTH, Outputs, chooser_candidates, outputs_of
from briefd_server.engines.extractive import load, read_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from briefd_build.corpora.documents import Document
    from briefd_build.proofreading.examples import Judged
    from briefd_server.bundle import Bundle
    from briefd_server.engines.extractive.proofreading.trained import Network

LEAST_WORDS_LEARNT = 8
"""Shorter sentences are hardly ever cut."""
LEAST_WORDS_MEASURED = 20
"""Of the sentences that the figures are about: those of which much has to go."""
_FOLDS = 5
_THREADS = 2


class Training(NamedTuple):
    """A proof-reader, and what it made of sentences that it was not trained on.

    Attributes:
        network: trained on all development sentences.
        held_out: the outputs for each of them by a network that did not see its document.
    """

    network: Network
    held_out: Outputs


def train_proof_reader(bundle: Bundle, data: Path, seed: int, report: Callable[[str, float], None]) -> Training:
    """Train the proof-reader of a bundle on the development treebanks, which its parser never saw.

    Args:
        bundle: its encoder reads, its table of costs makes the candidates.
        data: directory of the corpora.
        seed: of everything that is drawn.
        report: takes what is done, and the share of it.

    Raises:
        BuildError: there is too little to learn from.
    """
    engine = load(bundle, "optimized", _THREADS)
    costs = read_parameters(bundle.manifest).costs
    documents = read_split(data, "dev")
    varied = VariedCandidates(costs, seed)
    examples = list(
        judged_sentences(engine, documents, LEAST_WORDS_LEARNT, varied, lambda done: report("judging", done))
    )
    outputs = chooser_candidates(engine, costs, documents, LENGTH.most + 1, lambda done: report("choosing", done))
    folds = sorted({each.document % _FOLDS for each in outputs})
    if len(folds) < 2:
        raise BuildError(f"the development treebanks in {data} have too few documents for a proof-reader; add some")
    held_out = Outputs.join(_held_out(examples, outputs, fold, seed, report) for fold in folds)
    calibration = fit_calibration(held_out.log_odds, held_out.sound[:, 1])
    network = fit_network(examples, seed, lambda done: report("fitting all", done))
    return Training(replace(network, calibration=calibration), held_out.calibrated(calibration))


def measure_proof_reader(bundle: Bundle, network: Network, data: Path, report: Callable[[str, float], None]) -> Outputs:
    """Give the outputs for the test treebanks' sentences of at least `LEAST_WORDS_MEASURED` words."""
    engine, costs = load(bundle, "optimized", _THREADS), read_parameters(bundle.manifest).costs
    documents = read_split(data, "test")
    candidates = chooser_candidates(
        engine, costs, documents, LEAST_WORDS_MEASURED, lambda done: report("measuring", done)
    )
    return outputs_of(network, candidates)


def read_split(data: Path, split: str) -> list[Document]:
    """Read a split (`train`, `dev` or `test`) of all treebanks."""
    return [document for name in TREEBANKS for document in read_treebank(data / name / f"{split}.conllu.gz")]


def _held_out(
    examples: Sequence[Judged], outputs: Sequence[Judged], fold: int, seed: int, report: Callable[[str, float], None]
) -> Outputs:
    """Give the outputs for the documents of a fold by a network that learnt from the others."""
    learnt = [each for each in examples if each.document % _FOLDS != fold]
    network = fit_network(learnt, seed, lambda done: report(f"fitting fold {fold + 1}", done))
    return outputs_of(network, [each for each in outputs if each.document % _FOLDS == fold])
