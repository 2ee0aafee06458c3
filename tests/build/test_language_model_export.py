"""Exported language models against transformers: the same tokens from the same weights."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from long_runs import cases
from tiny_models import FAMILIES, make_tiny_model

from briefd_build.generative.export import Vocabularies, export_variant
from briefd_build.generative.families import read_architecture
from briefd_build.generative.kernels import Blockwise, DynamicInt8, quantize_blocks
from briefd_build.generative.shortlist import choose_frequent, find_ends
from briefd_build.generative.source import find_model, load_model
from briefd_build.generative.variants import VARIANTS
from briefd_server.engines.base import CallStopped, UnwatchedCall
from briefd_server.engines.generative.model import LanguageModel, TokenKind
from briefd_server.engines.generative.session import GraphFiles, ModelSession, Threads
from briefd_server.engines.generative.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from briefd_build.generative.architecture import Architecture
    from briefd_build.generative.source import LoadedModel

CONTEXT_TOKENS = 200
OTHER_VARIANTS = sorted(VARIANTS.keys() - {"baseline", "int8-dynamic"})


@dataclass(frozen=True)
class Tiny:
    loaded: LoadedModel
    architecture: Architecture
    vocabulary: Vocabulary
    folder: Path
    sessions: dict[str, ModelSession] = field(default_factory=dict)

    def open(self, name: str) -> ModelSession:
        if name not in self.sessions:
            self.sessions[name] = self._make(name)
        return self.sessions[name]

    def _make(self, name: str) -> ModelSession:
        frequent = choose_frequent(self.loaded.tokenizer, self.vocabulary, 150)
        vocabularies = Vocabularies(find_ends(self.vocabulary), frequent)
        files = export_variant(self.architecture, VARIANTS[name], vocabularies, self.folder)
        parts = (files.decode, files.prefill, files.encode, files.rows)
        graphs = GraphFiles(*(self.folder / part[0] if part else None for part in parts))
        return ModelSession(graphs, self.vocabulary.kinds, CONTEXT_TOKENS, Threads(1, 1))


def make_tiny(family: str, folder: Path) -> Tiny:
    # Weights wide enough apart that no two tokens score alike, but not so that attention, which T5 does not scale,
    # depends on the last bit.
    width = 0.05 if family == "t5" else 0.2
    make_tiny_model(family, folder / "model")
    loaded = load_model(find_model(str(folder / "model")))
    with torch.random.fork_rng():
        torch.manual_seed(7)
        for parameter in loaded.model.parameters():
            parameter.data += width * torch.randn_like(parameter)
    architecture = read_architecture(loaded.model, CONTEXT_TOKENS)
    vocabulary = Vocabulary(loaded.tokenizer, loaded.end_ids, loaded.model.config.vocab_size)
    (folder / "graphs").mkdir()
    return Tiny(loaded, architecture, vocabulary, folder / "graphs")


@pytest.fixture(scope="module")
def gpt_neox(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make_tiny("gpt_neox", tmp_path_factory.mktemp("gpt_neox"))


def prompts(count: int, vocabulary_size: int) -> list[list[int]]:
    random = np.random.default_rng(3)
    return [random.integers(5, vocabulary_size, random.integers(2, 60)).tolist() for _ in range(count)]


def begin(tiny: Tiny, session: ModelSession, prompt: Sequence[int]) -> list[int]:
    """Begin a call and tell what the decoder reads first."""
    session.begin(UnwatchedCall(), prompt)
    config = tiny.loaded.model.config
    return [config.decoder_start_token_id] if config.is_encoder_decoder else list(prompt)


@torch.no_grad()
def expected_choices(tiny: Tiny, prompt: list[int], first: list[int], written: list[int]) -> list[int]:
    """Let transformers choose after each written token."""
    model = tiny.loaded.model
    read = torch.tensor([[*first, *written]])
    if model.config.is_encoder_decoder:
        logits = model(input_ids=torch.tensor([prompt]), decoder_input_ids=read).logits
    else:
        logits = model(read).logits
    may_come = torch.from_numpy((tiny.vocabulary.kinds & int(TokenKind.ANY)) != 0)
    return logits[0, len(first) - 1 :].masked_fill(~may_come, -torch.inf).argmax(dim=-1).tolist()


def write(session: LanguageModel, first: list[int], count: int) -> list[int]:
    written: list[int] = []
    candidates = session.advance(first, TokenKind.ANY)
    for _ in range(count):
        written.append(int(candidates.token_ids[0]))
        candidates = session.advance(written[-1:], TokenKind.ANY)
    return written


@pytest.mark.parametrize("family", cases(["gpt_neox"], [family for family in FAMILIES if family != "gpt_neox"]))
def test_float32_chooses_the_tokens_that_transformers_chooses(family: str, tmp_path: Path) -> None:
    tiny = make_tiny(family, tmp_path)
    session = tiny.open("baseline")

    for prompt in prompts(8, tiny.vocabulary.size):
        first = begin(tiny, session, prompt)
        written = write(session, first, 12)
        assert written == expected_choices(tiny, prompt, first, written[:-1])
    # Of encoders one will do: the exports of a family take seconds.
    if family == "t5":
        assert_close_to_float32(tiny, "int8")


@pytest.mark.parametrize("name", cases(["int8-dynamic"], OTHER_VARIANTS))
def test_quantized_variants_score_close_to_float32(name: str, gpt_neox: Tiny) -> None:
    assert_close_to_float32(gpt_neox, name)


def assert_close_to_float32(tiny: Tiny, name: str) -> None:
    exact, quantized = tiny.open("baseline"), tiny.open(name)

    for prompt in prompts(4, tiny.vocabulary.size):
        ours, theirs = (session.advance(begin(tiny, session, prompt), TokenKind.ANY) for session in (quantized, exact))
        scores = dict(zip(theirs.token_ids.tolist(), theirs.scores.tolist(), strict=True))
        common = [
            (score, scores[token])
            for token, score in zip(ours.token_ids.tolist(), ours.scores.tolist(), strict=True)
            if token in scores
        ]
        assert len(common) >= 8
        spread = np.ptp(theirs.scores)
        assert np.abs(np.subtract(*zip(*common, strict=True))).mean() < (0.35 if "int4" in name else 0.15) * spread


def test_a_draft_is_verified_as_token_after_token_would_be(gpt_neox: Tiny) -> None:
    session = gpt_neox.open("baseline")
    prompt = prompts(1, gpt_neox.vocabulary.size)[0]
    written = write(session, begin(gpt_neox, session, prompt), 10)

    session.rewind(len(prompt))
    verified = session.verify(written)

    assert session.position == len(prompt) + len(written)
    assert [int(each.token_ids[0]) for each in verified[:-1]] == written[1:]


def test_what_was_forgotten_leaves_no_trace(gpt_neox: Tiny) -> None:
    session = gpt_neox.open("int8")
    prompt, other = prompts(2, gpt_neox.vocabulary.size)
    written = write(session, begin(gpt_neox, session, prompt), 6)
    write(session, begin(gpt_neox, session, other), 6)

    session.begin(UnwatchedCall(), prompt)
    session.read(prompt[:-1])
    session.advance([9], TokenKind.ANY)
    session.rewind(len(prompt) - 1)

    assert write(session, prompt[-1:], 6) == written


def test_a_kept_prefix_answers_as_the_whole_prompt_does(gpt_neox: Tiny) -> None:
    session = gpt_neox.open("baseline")
    prompt = prompts(1, gpt_neox.vocabulary.size)[0]
    written = write(session, begin(gpt_neox, session, prompt), 6)

    session.begin(UnwatchedCall(), prompt, position=len(prompt) // 2)

    assert write(session, prompt[len(prompt) // 2 :], 6) == written


def test_masks_let_through_the_kinds_that_are_allowed(gpt_neox: Tiny) -> None:
    session = gpt_neox.open("int8-screened")
    prompt = prompts(1, gpt_neox.vocabulary.size)[0]
    session.begin(UnwatchedCall(), prompt)

    for allowed in (TokenKind.WORD, TokenKind.STOP | TokenKind.END):
        candidates = session.advance(prompt, allowed)
        assert len(candidates.token_ids)
        assert all(gpt_neox.vocabulary.kinds[token] & allowed for token in candidates.token_ids)
        assert candidates.end_margin <= 0
        session.rewind(0)


def test_a_shortlist_proposes_frequent_tokens_and_those_of_the_prompt(gpt_neox: Tiny) -> None:
    session = gpt_neox.open("int8-shortlist")
    frequent = choose_frequent(gpt_neox.loaded.tokenizer, gpt_neox.vocabulary, 150)

    seen_rare = False
    for prompt in prompts(10, gpt_neox.vocabulary.size):
        proposed = set(session_candidates(session, prompt))
        assert proposed <= {*frequent, *prompt}
        seen_rare |= bool(proposed - set(frequent))
    assert seen_rare


def session_candidates(session: ModelSession, prompt: list[int]) -> list[int]:
    session.begin(UnwatchedCall(), prompt)
    token_ids: list[int] = session.advance(prompt, TokenKind.ANY).token_ids.tolist()
    assert len(token_ids) == len(set(token_ids))
    return token_ids


def test_a_shortlist_can_always_go_on(gpt_neox: Tiny) -> None:
    frequent = choose_frequent(gpt_neox.loaded.tokenizer, gpt_neox.vocabulary, 1)
    kinds = gpt_neox.vocabulary.kinds[frequent]

    assert np.count_nonzero(kinds == TokenKind.WORD) >= 32
    assert np.count_nonzero(kinds == TokenKind.STOP)


@pytest.mark.long
def test_variants_share_their_tables(gpt_neox: Tiny) -> None:
    gpt_neox.open("int8-screened")
    gpt_neox.sessions.pop("int4-shortlist", None)
    shared = {path: hashlib.sha256(path.read_bytes()) for path in gpt_neox.folder.glob("*.int8.weights")}
    before = {path: digest.hexdigest() for path, digest in shared.items()}
    gpt_neox.open("int4-shortlist")

    assert {"embedding.int8.weights", "output-rows.int8.weights"} <= {path.name for path in shared}
    assert before == {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in shared}


def test_graphs_say_nothing_of_where_they_were_made(gpt_neox: Tiny) -> None:
    gpt_neox.open("int8")

    for path in gpt_neox.folder.glob("*.onnx"):
        assert b".py" not in path.read_bytes()


def test_a_stopped_call_ends_before_the_next_run(gpt_neox: Tiny) -> None:
    class Stopped(UnwatchedCall):
        def checkpoint(self) -> None:
            raise CallStopped

    session = gpt_neox.open("baseline")
    prompt = prompts(1, gpt_neox.vocabulary.size)[0]
    session.begin(Stopped(), prompt)

    for run in (lambda: session.read(prompt), lambda: session.advance([3], TokenKind.ANY), lambda: session.verify([3])):
        with pytest.raises(CallStopped):
            run()
    assert session.position == 0


def test_unsigned_weights_stand_for_the_signed_ones() -> None:
    weight = torch.randn((7, 30), generator=torch.Generator().manual_seed(1))
    signed, unsigned = (DynamicInt8(unsigned=each).linear(weight, None) for each in (False, True))
    restored = [(each.weight.float() - each.zero_points.float()) * each.scales for each in (signed, unsigned)]
    assert torch.equal(*restored)
    assert (restored[0].t() - weight).abs().max() <= signed.scales.max() / 2
    # Pairs of products of -128 and -128 would not fit into what kernels of Arm add them up in.
    assert signed.weight.min() >= -127
    assert unsigned.weight.dtype == torch.uint8


@given(
    bits=st.sampled_from([4, 8]),
    block_size=st.sampled_from([16, 32, 128]),
    shape=st.tuples(st.integers(1, 6), st.integers(1, 200)),
    seed=st.integers(0, 1000),
)
def test_blocks_are_off_by_no_more_than_a_step(bits: int, block_size: int, shape: tuple[int, int], seed: int) -> None:
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(seed))

    codes, scales = quantize_blocks(weight, Blockwise(bits, block_size))

    if bits == 4:
        codes = torch.stack([codes & 15, codes >> 4], dim=-1).flatten(-2)
    restored = (codes.float() - (1 << (bits - 1))) * scales[..., None]
    error = (restored.flatten(1)[:, : shape[1]] - weight).abs()
    # Half a step, but a whole one at the end of the range that has no outermost code.
    assert (error <= scales.abs().repeat_interleave(block_size, dim=1)[:, : shape[1]] * 1.001).all()
