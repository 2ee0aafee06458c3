"""What is measured of a bundle's variants, on models of a few lines and a clock of the test's own."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from briefd_build.errors import BuildError
from briefd_build.generative.measuring import (
    Agreement,
    Measured,
    Prompt,
    agree,
    choose_draft_tokens,
    follow,
    measure_footprint,
    rank,
    time_engines,
    time_side_by_side,
    timed_prompt,
    write_greedily,
)
from briefd_build.generative.parity import check_parity
from briefd_server.engines.generative.model import Candidates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SIZE = 50


class CountingModel:
    """Writes the next higher number; `slips` are numbers after which it writes another."""

    def __init__(self, slips: Sequence[int] = (), wait: Callable[[], None] = lambda: None) -> None:
        self.read: list[int] = []
        self.slips = slips
        self.wait = wait
        self.position = 0

    def begin(self, call: object, prompt_ids: Sequence[int], position: int = 0) -> None:
        self.read = []

    def advance(self, token_ids: Sequence[int], allowed: object) -> Candidates:
        self.wait()
        self.read += token_ids
        best = (token_ids[-1] + (2 if token_ids[-1] in self.slips else 1)) % SIZE
        return Candidates(np.array([best]), np.zeros(1, np.float32), 0.0)

    def verify(self, token_ids: Sequence[int]) -> list[Candidates]:
        raise AssertionError("several tokens at once are quantized otherwise than one")

    def rewind(self, position: int) -> None:
        raise AssertionError


CAUSAL = Prompt([3, 4], [3, 4])
AFTER_ENCODER = Prompt([3, 4], [7])


def test_a_model_writes_until_its_text_ends() -> None:
    assert write_greedily(CountingModel(), CAUSAL, 9, {8}) == [5, 6, 7, 8]
    assert write_greedily(CountingModel(), CAUSAL, 3, {8}) == [5, 6, 7]
    assert write_greedily(CountingModel(), AFTER_ENCODER, 2, ()) == [8, 9]


def test_a_model_that_slipped_is_led_back() -> None:
    model = CountingModel(slips=[6])
    assert follow(model, CAUSAL, [5, 6, 7, 8]) == [5, 6, 8, 8]
    assert model.read == [3, 4, 5, 6, 7]


def test_agreement_counts_tokens_of_all_prompts() -> None:
    agreement = agree(CountingModel(slips=[6, 9]), [CAUSAL, AFTER_ENCODER], [[5, 6, 7, 8], [8, 9, 10]])
    assert agreement == Agreement(7, 5)
    assert agreement.share == pytest.approx(5 / 7)


def test_sessions_are_timed_in_turns_by_their_medians() -> None:
    now, order = 0.0, []

    def taking(name: str, seconds: float) -> Callable[[], None]:
        def wait() -> None:
            nonlocal now
            now += seconds
            order.append(name)

        return wait

    sessions = {"slow": CountingModel(wait=taking("slow", 0.010)), "fast": CountingModel(wait=taking("fast", 0.001))}
    shares: list[float] = []
    times = time_side_by_side(sessions, CAUSAL, shares.append, clock=lambda: now)
    assert times["slow"] == pytest.approx({20: 200, 48: 480})
    assert times["fast"] == pytest.approx({20: 20, 48: 48})
    turns = [name for name, _ in itertools.groupby(order)]
    assert turns == ["slow", "fast"] * (len(turns) // 2)
    assert shares[-1] == 1.0


def test_large_models_are_timed_for_fewer_rounds() -> None:
    now = 0.0

    def wait() -> None:
        nonlocal now
        now += 1.0

    shares: list[float] = []
    times = time_side_by_side({"huge": CountingModel(wait=wait)}, CAUSAL, shares.append, clock=lambda: now)
    assert times == {"huge": {20: 20_000, 48: 48_000}}
    assert len(shares) == 3


def test_engines_are_timed_over_all_texts() -> None:
    now = 0.0

    class Engine:
        def __init__(self, seconds: float) -> None:
            self.seconds = seconds

        def summarize(self, task: object, call: object) -> None:
            nonlocal now
            now += self.seconds

    engines: Any = {0: Engine(0.002), 4: Engine(0.001)}
    assert time_engines(engines, ["a", "b"], lambda _: None, clock=lambda: now) == pytest.approx({0: 4, 4: 2})


@pytest.mark.parametrize(
    ("milliseconds", "chosen"),
    [
        ({0: 10.0, 4: 8.0, 8: 9.0}, 4),
        ({0: 11.0, 4: 10.0, 8: 12.0}, 4),
        ({0: 10.9, 4: 10.0, 8: 12.0}, 0),
        ({0: 10.0, 4: 12.0, 8: 13.0}, 0),
    ],
)
def test_reading_ahead_must_be_worth_it(milliseconds: dict[int, float], chosen: int) -> None:
    assert choose_draft_tokens(milliseconds) == chosen


def figures(agreement: float, ms: float) -> Measured:
    return Measured(1, Agreement(1000, round(1000 * agreement)), {20: ms, 48: 2 * ms})


def test_the_first_choice_is_the_fastest_of_those_that_agree() -> None:
    measured = {
        "exact": figures(1.0, 9),
        "wrong": figures(0.979, 5),
        "just": figures(0.98, 3),
        "worse": figures(0.5, 0.5),
        "good": figures(0.99, 4),
    }
    assert rank(measured) == ["just", "good", "exact", "wrong", "worse"]


def test_a_manifest_is_told_the_figures() -> None:
    assert figures(0.9876, 3.14159).to_json() == {
        "size_bytes": 1,
        "greedy_agreement": 0.988,
        "agreement_tokens": 1000,
        "ms_128_plus_20": 3.14,
        "ms_128_plus_48": 6.28,
    }


def test_the_timed_prompt_has_the_length_that_is_told() -> None:
    prompts = [Prompt([1, 2], [1, 2]), Prompt([3], [3])]
    assert timed_prompt(prompts, 7) == ([1, 2, 3, 1, 2, 3, 1], [1, 2, 3, 1, 2, 3, 1])
    assert timed_prompt([AFTER_ENCODER], 3) == ([3, 4, 3], [7])


def test_a_process_that_fails_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"measures failed \(BundleError: .*\); .*end other programs") as raised:
        measure_footprint(tmp_path, "int8", 1, "text")
    assert "\n" not in str(raised.value)


class CountingTransformer:
    """Agrees with `CountingModel` by `margin`."""

    def __init__(self, margin: float) -> None:
        self.margin = margin
        self.config = SimpleNamespace(is_encoder_decoder=False)

    def __call__(self, input_ids: torch.Tensor) -> SimpleNamespace:
        logits = torch.nn.functional.one_hot((input_ids + 1) % SIZE, SIZE).float() * self.margin
        logits[..., 0] = -10.0
        return SimpleNamespace(logits=logits)


@pytest.mark.parametrize(
    ("margin", "written", "ties"), [(5.0, [5, 6, 7], 0), (5.0, [5], 0), (1e-5, [5, 9, 10], 1), (0.0, [5, 6], 0)]
)
def test_parity_lets_pass_what_rounding_explains(margin: float, written: list[int], ties: int) -> None:
    parity = check_parity(CountingTransformer(margin), [CAUSAL], [written])
    assert (parity.prompt_count, parity.token_count, parity.tie_count) == (1, len(written), ties)


@pytest.mark.parametrize("written", [[6], [5, 7], [5, 6, 8]])
def test_another_token_than_transformers_is_refused(written: list[int]) -> None:
    with pytest.raises(BuildError, match=r"does not write what transformers writes.*report its name"):
        check_parity(CountingTransformer(1.0), [CAUSAL, CAUSAL], [[5], written])


def test_weights_that_compute_no_numbers_are_refused() -> None:
    with pytest.raises(BuildError, match=r"compute what is no number \(NaN\); fetch or save the model again"):
        check_parity(CountingTransformer(float("nan")), [CAUSAL], [[5]])
