"""`brief-build finetune`: from a model and pairs to the directory of a model that has learned from them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch

from briefd_build.errors import BuildError
from briefd_build.finetuning.adapting import adapt
from briefd_build.finetuning.examples import PairEncoder
from briefd_build.finetuning.pairs import digest, hold_out, read_pairs
from briefd_build.finetuning.requirements import check_requirements
from briefd_build.finetuning.training import Trainer
from briefd_build.finetuning.writing import Record, check_directory, write_model
from briefd_build.generative.source import find_end_ids, find_model, load_model, load_tokenizer
from briefd_build.templates import find_template

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

    from briefd_build.finetuning.examples import Example
    from briefd_build.finetuning.pairs import Pair
    from briefd_build.finetuning.settings import Settings
    from briefd_build.finetuning.training import Evaluation, Progress
    from briefd_build.folder import BuildFolder
    from briefd_build.generative.source import ModelSource
    from briefd_server.engines.generative.prompt import Template

CHECKPOINT = "training.checkpoint"


@dataclass(frozen=True)
class Finetuning:
    """One fine-tuning.

    Attributes:
        model: a directory or a name on the hub.
        data: JSON lines to learn from.
        evaluation_data: JSON lines to measure on; None holds some of `data` out.
        template_name: of a known template; None takes the model's.
        settings: see `Settings`.
        folder: where checkpoints are left and found.
        out: where the model's directory is written.
        report: called with the stage's name and the share of it that is done, 0 to 1.
    """

    model: str
    data: Path
    evaluation_data: Path | None
    template_name: str | None
    settings: Settings
    folder: BuildFolder
    out: Path
    report: Callable[[str, float], None]

    def run(self) -> Record | None:
        """Train what is not trained yet, and write the model's directory.

        Returns:
            What was done; None where the directory is already what this would make.

        Raises:
            BuildError: something can't be used; nothing is trained then, and nothing half-written.

        """
        pairs, held_out = self._read_pairs()
        source = find_model(self.model)
        tokenizer = load_tokenizer(source)
        template = find_template(source.family, tokenizer, source.directory, self.template_name)
        made_by = self._describe(source, template)
        if check_directory(self.out, made_by):
            return None
        check_requirements(source, self.settings, self.folder.path, self.out)
        encoder = self._make_encoder(source, tokenizer, template)
        examples, held_out_examples = self._encode(encoder, pairs), self._encode(encoder, held_out)
        self.report("loading", 0.0)
        loaded = load_model(source)
        self.folder.claim(made_by)
        model, evaluations = self._train(source, loaded.model, examples, held_out_examples)
        record = Record(
            made_by=made_by,
            model_name=source.name,
            pairs=len(examples),
            held_out_pairs=len(held_out_examples),
            shortened_texts=sum(example.is_shortened for example in examples + held_out_examples),
            context_tokens=encoder.context_tokens,
            evaluations=evaluations,
        )
        write_model(self.out, model, tokenizer, source, template, record)
        return record

    def _read_pairs(self) -> tuple[list[Pair], list[Pair]]:
        pairs = read_pairs(self.data)
        if self.evaluation_data is not None:
            return pairs, read_pairs(self.evaluation_data)
        return hold_out(pairs, self.settings.held_out_share, self.settings.seed)

    def _describe(self, source: ModelSource, template: Template) -> dict[str, Any]:
        """Say what the result is made of and how, wherever it lies: the same makes the same."""
        files = {"data": self.data, "evaluation_data": self.evaluation_data}
        return {
            "family": source.family,
            "weights_sha256": source.sha256,
            "template": asdict(template),
            "sha256": {name: digest(file) for name, file in files.items() if file is not None},
            "settings": asdict(self.settings),
        }

    def _make_encoder(self, source: ModelSource, tokenizer: Tokenizer, template: Template) -> PairEncoder:
        return PairEncoder(
            tokenizer,
            template,
            find_end_ids(source, tokenizer)[0],
            is_encoder_decoder=source.is_encoder_decoder,
            context_tokens=self.settings.context_of(source.context_tokens),
        )

    def _encode(self, encoder: PairEncoder, pairs: Sequence[Pair]) -> list[Example]:
        examples = []
        for number, pair in enumerate(pairs):
            self.report("reading", number / len(pairs))
            examples.append(encoder.encode(pair))
        return examples

    def _train(
        self, source: ModelSource, model: PreTrainedModel, examples: list[Example], held_out: list[Example]
    ) -> tuple[PreTrainedModel, list[Evaluation]]:
        def report(progress: Progress) -> None:
            losses = f"loss {progress.loss:.3f}, held out {progress.held_out_loss:.3f}"
            self.report(f"training, {losses}", progress.step / progress.steps)

        torch.manual_seed(self.settings.seed)
        adapted = adapt(model, source.family, self.settings)
        trainer = Trainer(examples, held_out, self.settings, self.folder.path / CHECKPOINT, report)
        try:
            evaluations = trainer.train(adapted.network, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
        except torch.OutOfMemoryError as error:
            raise BuildError("the device has too little memory; lower --batch or --context-tokens") from error
        return adapted.merge(), evaluations
