"""How good a language model's bundle is: its sentences against human ones, and its choices against the source's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import TYPE_CHECKING

from briefd_build.corpora.documents import read_abstracts, read_posts, read_treebank
from briefd_build.evaluation.compression import rouge_l
from briefd_build.generative.conversion import make_prompts, open_unmasked
from briefd_build.generative.measuring import follow
from briefd_build.generative.pytorch_writer import write_in_pytorch
from briefd_build.measures.embedding import find_embedder
from briefd_build.measures.summaries import SUMMARY_METRICS, answer_summary, score_summaries
from briefd_build.pipeline import evaluation
from briefd_build.pipeline.parsing import nearest
from briefd_build.pipeline.recipe import SOURCE
from briefd_build.pipeline.results import Answer, Score
from briefd_server.bundle import read_bundle
from briefd_server.engines import load_summarizer
from briefd_server.engines.base import Task, UnwatchedCall
from briefd_server.engines.generative.parameters import read_parameters
from briefd_server.engines.generative.session import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from briefd_build.corpora.documents import Document
    from briefd_build.generative.conversion import Prepared
    from briefd_build.generative.measuring import Prompt
    from briefd_build.pipeline.model import Report
    from briefd_server.bundle import Bundle

# A post without a summary has its title alone: no sentence.
_LEAST_REFERENCES = 2
# As many as a sentence of 15 words takes, after so many texts: over 1,000 tokens.
_FOLLOWED_TOKENS, _FOLLOWED_TEXTS = 20, 60
_SAME, _CHOSEN = "same_tokens", "chosen_tokens"

BASELINE_ROUGE = Score("baseline_rougeL", "ROUGE-L against the baseline's own sentences")
TOKEN_AGREEMENT = Score("token_agreement", "next tokens that are the source's own choice")


@dataclass(frozen=True)
class EvaluationTable(evaluation.EvaluationTable):
    """A recipe's `[evaluation]`; `texts` is how many are summarized.

    Attributes:
        threads: that run the model.
        leading: the metric that gates are about.
    """

    threads: int = 2
    leading: str = SUMMARY_METRICS[0].name

    def __post_init__(self) -> None:
        if self.texts < 1 or self.threads < 1:
            raise ValueError("texts and threads must be 1 or more")
        names = [metric.name for metric in self.metrics]
        if self.leading not in names:
            raise ValueError(f"leading names no metric; {nearest(self.leading, names)}")

    @property
    def metrics(self) -> list[Score]:
        """List the metrics, the leading one first; the source's choices say nothing of a model that has learned."""
        known = [*SUMMARY_METRICS, BASELINE_ROUGE, *([TOKEN_AGREEMENT] if self.baseline == SOURCE else [])]
        return sorted(known, key=lambda metric: metric.name != self.leading)


class Judge:
    """Answers and scores texts with human summaries that no training saw and that may be shown.

    The documents of GUM's dev and test sets, the posts that have a summary, and as many of SciTLDR's abstracts as make
    up the number.

    Args:
        table: of the recipe.
        data: finds the corpora.
        open_source: opens the model that the recipe starts from.
    """

    def __init__(self, table: EvaluationTable, data: Callable[[], Path], open_source: Callable[[], Prepared]) -> None:
        self._table = table
        self._data = data
        self._open_source = open_source

    def answer(self, bundle: Path, thread_count: int, report: Report) -> list[Answer]:
        """Let the serving engine summarize every text, and the model choose after what the source writes."""
        opened = read_bundle(bundle)
        variant = min(opened.manifest.forms, key=lambda name: opened.manifest.variants[name].rank)
        engine = load_summarizer(opened, variant, thread_count)
        embedder = find_embedder()
        answers = []
        for number, document in enumerate(self._documents):
            report("summarizing", number / len(self._documents))
            task = Task(" ".join(document.sentences))
            given = engine.summarize(task, UnwatchedCall()).text
            answers.append(answer_summary(task, document.references, given, embedder))
        if TOKEN_AGREEMENT in self._table.metrics:
            for answer, scores in zip(answers[::-1], self._follow(opened, variant, thread_count, report), strict=False):
                answer.scores.update(scores)
        return answers

    def score(self, answers: Sequence[Answer], baseline: Sequence[Answer]) -> dict[str, float]:
        """Sum up."""
        scores = dict(score_summaries(answers, baseline))
        scores[BASELINE_ROUGE.name] = fmean(
            rouge_l(theirs.given, mine.given) for mine, theirs in zip(answers, baseline, strict=True)
        )
        if TOKEN_AGREEMENT in self._table.metrics:
            same, chosen = (sum(each.scores.get(name, 0.0) for each in answers) for name in (_SAME, _CHOSEN))
            scores[TOKEN_AGREEMENT.name] = same / chosen if chosen else 1.0
        return scores

    @cached_property
    def _documents(self) -> list[Document]:
        data = self._data()
        treebank = [each for part in ("dev", "test") for each in read_treebank(data / "gum" / f"{part}.conllu.gz")]
        posts = read_posts(data / "gov_posts" / "dev.jsonl.gz")
        documents = [
            *treebank,
            *(each for each in posts if len(each.references) >= _LEAST_REFERENCES),
            *read_abstracts(data / "scitldr" / "dev.jsonl.gz"),
        ]
        self._table.check_count(len(documents))
        return documents[: self._table.texts]

    @cached_property
    def _written_by_source(self) -> list[tuple[Prompt, list[int]]]:
        """What the source writes about the last texts, which are short ones."""
        source = self._open_source()
        texts = [" ".join(document.sentences) for document in self._documents[: -_FOLLOWED_TEXTS - 1 : -1]]
        prompts = make_prompts(source, texts)
        return [
            (prompt, write_in_pytorch(source.loaded.model, prompt, min(_FOLLOWED_TOKENS, _room(source, prompt))))
            for prompt in prompts
        ]

    def _follow(self, bundle: Bundle, variant: str, thread_count: int, report: Report) -> list[dict[str, float]]:
        """Count, text by text, the choices that are the source's, each time after the source's own tokens."""
        parameters = read_parameters(bundle.manifest)
        session = open_unmasked(
            bundle.directory,
            parameters.graphs[variant],
            parameters.vocabulary_size,
            parameters.context_tokens,
            Threads(thread_count, min(thread_count, parameters.decode_threads)),
        )
        scores = []
        for number, (prompt, written) in enumerate(self._written_by_source):
            report("comparing with the source", number / len(self._written_by_source))
            choices = follow(session, prompt, written)
            same = sum(mine == theirs for mine, theirs in zip(choices, written, strict=True))
            scores.append({_SAME: float(same), _CHOSEN: float(len(written))})
        return scores


def _room(source: Prepared, prompt: Prompt) -> int:
    return source.context_tokens - len(prompt.start_ids)
