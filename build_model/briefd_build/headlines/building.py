"""`brief-build headlines`: from the corpora to a Hugging Face directory.

The stages, each leaving its result in the build folder and skipped when that is there: the pairs to learn from and to
measure on, the tokenizer, and the training, which leaves a checkpoint and the model's directory every so many steps.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import asdict
from typing import TYPE_CHECKING

import torch
from tokenizers import Tokenizer

from briefd_build.byte_level import train_tokenizer
from briefd_build.corpora.collection import read_corpora
from briefd_build.corpora.documents import read_abstracts, read_posts
from briefd_build.headlines.batches import Batches
from briefd_build.headlines.measuring import measure
from briefd_build.headlines.pairs import human_pairs, read_lines, teach, write_lines
from briefd_build.headlines.passages import cut_passages
from briefd_build.headlines.starting import start_copying
from briefd_build.headlines.tokens import encode_pairs, interchangeable_ids
from briefd_build.headlines.training import Trainer, new_network
from briefd_build.headlines.writing import make_directory, write_model
from briefd_build.provenance import describe_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from transformers import GPTNeoXForCausalLM

    from briefd_build.corpora.documents import Document
    from briefd_build.folder import BuildFolder
    from briefd_build.headlines.pairs import Pair
    from briefd_build.headlines.recipe import HeadlineRecipe

PAIRS, HELD_OUT, TOKENIZER, CHECKPOINT = "pairs.jsonl", "held-out.jsonl", "tokenizer.json", "network.checkpoint"
HISTORY = "measures.jsonl"
_HUMAN_TEXT_WORDS = 260
_SHOWN_SAMPLES = 10


class HeadlineBuild:
    """One build of the headline model.

    Args:
        recipe: what to make.
        data: the corpora's directory, laid out as `../shared/data`.
        teacher: directory of the bundle that writes most of the sentences.
        folder: where results are left and found.
        out: where the model's directory is written.
        report: called with the stage's name and the share of it that is done, 0 to 1.
    """

    def __init__(
        self,
        recipe: HeadlineRecipe,
        data: Path,
        teacher: Path,
        folder: BuildFolder,
        out: Path,
        report: Callable[[str, float], None],
    ) -> None:
        self._recipe = recipe
        self._data = data
        self._teacher = teacher
        self._folder = folder
        self._out = out
        self._report = report

    def run(self) -> None:
        """Do every stage that is not done yet, and write the model's directory."""
        self._folder.claim({"recipe": asdict(self._recipe)})
        make_directory(self._out)
        if not self._folder.has(PAIRS):
            self._make_pairs()
        if not self._folder.has(HELD_OUT):
            self._make_held_out()
        if not self._folder.has(TOKENIZER):
            texts = (pair.text for pair in read_lines(self._folder.path / PAIRS))
            # A word is the same token wherever it stands: copying it needs that.
            tokenizer = train_tokenizer(texts, self._recipe.shape.vocabulary, add_prefix_space=True)
            self._folder.write_text(TOKENIZER, tokenizer.to_str())
        self._train()

    def _make_pairs(self) -> None:
        documents = read_corpora(self._data, "train").documents()
        pairs = [*human_pairs(documents, _HUMAN_TEXT_WORDS)]
        pairs += self._teach("pairs", self._passages(documents, self._recipe.rounds))
        self._folder.write_text(PAIRS, write_lines(pairs))

    def _make_held_out(self) -> None:
        documents = [
            *read_posts(self._data / "gov_posts" / "dev.jsonl.gz"),
            *read_abstracts(self._data / "scitldr" / "dev.jsonl.gz"),
        ]
        passages = self._passages(documents, 1)
        random.Random(self._recipe.seed).shuffle(passages)  # noqa: S311 - chance of a sample, no secret
        held_out = self._teach("held-out pairs", passages[: self._recipe.held_out_passages])
        self._folder.write_text(HELD_OUT, write_lines(held_out))

    def _passages(self, documents: Sequence[Document], rounds: int) -> list[str]:
        """Cut passages, each text once."""
        return list(dict.fromkeys(cut_passages(documents, self._recipe.shapes, rounds, self._recipe.seed)))

    def _teach(self, stage: str, texts: Sequence[str]) -> list[Pair]:
        return teach(texts, self._teacher, os.cpu_count() or 1, lambda done: self._report(stage, done))

    def _train(self) -> None:
        tokenizer = Tokenizer.from_file(str(self._folder.path / TOKENIZER))
        torch.manual_seed(self._recipe.seed)
        network = new_network(self._recipe.shape)
        start_copying(network)
        plan = self._recipe.plan

        def report(done: int, loss: float) -> None:
            self._report(f"training, loss {loss:.2f}", done / plan.steps)

        def inspect(done: int, network: GPTNeoXForCausalLM) -> None:
            self._write(network, tokenizer, done)

        batches = self._batches(tokenizer, read_lines(self._folder.path / PAIRS))
        trainer = Trainer(batches, plan, self._folder.path / CHECKPOINT, report, inspect)
        if trainer.train(network, torch.device("cuda" if torch.cuda.is_available() else "cpu")) == 0:
            self._write(network, tokenizer, plan.steps)

    def _write(self, network: GPTNeoXForCausalLM, tokenizer: Tokenizer, steps_done: int) -> None:
        """Measure the network as it is and write its directory."""
        pairs = read_lines(self._folder.path / HELD_OUT)
        batches = self._batches(tokenizer, pairs).once()
        measures, samples = measure(network, tokenizer, batches, pairs[: self._recipe.written_sentences])
        shown = [asdict(sample) for sample in samples[:_SHOWN_SAMPLES]]
        with (self._folder.path / HISTORY).open("a", encoding="utf-8") as history:
            history.write(json.dumps({"steps": steps_done, **asdict(measures), "samples": shown}) + "\n")
        provenance = {
            "data": describe_sources(),
            "recipe": asdict(self._recipe),
            "steps_done": steps_done,
            "measures": asdict(measures),
        }
        write_model(self._out, network, tokenizer, provenance, samples)

    def _batches(self, tokenizer: Tokenizer, pairs: Sequence[Pair]) -> Batches:
        recipe = self._recipe
        examples = encode_pairs(tokenizer, pairs, recipe.shape.positions)
        groups = interchangeable_ids(tokenizer)
        return Batches(examples, groups, recipe.batch_tokens, recipe.text_share, recipe.swap_share, recipe.seed)
