"""Which form of a model is served, and when none can be."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundle_factory import FILES, make_manifest
from hypothesis import given
from hypothesis import strategies as st

from briefd_server.bundle import Bundle, FileEntry, VariantEntry
from briefd_server.errors import EngineLoadError
from briefd_server.forms import Forms, check_memory, choose_forms

ENTRIES = {name: FileEntry("0" * 64, 1) for name in FILES}
FEATURES = ("avx_vnni", "avx512_vnni", "asimddp")


def bundle_with(variants: dict[str, VariantEntry], left_out: str | None = None) -> Bundle:
    present = tuple(name for name in variants if name != left_out)
    return Bundle(Path("/bundle"), make_manifest(ENTRIES, variants=variants), "sha256:0", 1, present)


def form(*cpu_features: str, rank: int = 0, memory_bytes: int | None = None) -> VariantEntry:
    return VariantEntry("optimized.onnx", memory_bytes, cpu_features=cpu_features, rank=rank)


VARIANTS = {
    "baseline": VariantEntry("baseline.onnx"),
    "int4": form("asimddp", "avx512_vnni", rank=1),
    "int8": form("avx_vnni", "avx512_vnni"),
    "plain": form(rank=2),
}


@pytest.mark.parametrize(
    ("features", "choices"),
    [
        ({"avx512_vnni", "avx2"}, ("int8", "int4", "plain")),
        ({"avx_vnni"}, ("int8", "plain")),
        ({"asimddp"}, ("int4", "plain")),
        ({"avx2"}, ("plain",)),
        (set(), ("plain",)),
    ],
)
def test_the_lowest_rank_that_the_processor_runs_is_the_first_choice(
    features: set[str], choices: tuple[str, ...]
) -> None:
    forms = choose_forms(bundle_with(VARIANTS), features)
    assert forms == Forms(choices, has_baseline=True)
    assert forms.by_variant() == {"optimized": choices[0], "baseline": "baseline"}


def test_what_was_left_out_is_no_choice() -> None:
    assert choose_forms(bundle_with(VARIANTS, left_out="int8"), {"avx512_vnni"}).choices == ("int4", "plain")
    assert choose_forms(bundle_with(VARIANTS, left_out="baseline"), set()).by_variant() == {"optimized": "plain"}


def test_a_processor_that_runs_none_is_told_what_is_needed() -> None:
    with pytest.raises(EngineLoadError) as refusal:
        choose_forms(bundle_with(VARIANTS, left_out="plain"), {"avx2"})
    message = str(refusal.value)
    assert message.startswith("bundle tiny-en cannot be run by this processor")
    assert "(int8: avx_vnni or avx512_vnni; int4: asimddp or avx512_vnni)" in message
    assert len(message.splitlines()) == 1


entries = st.builds(
    lambda cpu_features, rank: form(*cpu_features, rank=rank), st.sets(st.sampled_from(FEATURES)), st.integers(0, 3)
)


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), entries, min_size=1), st.sets(st.sampled_from(FEATURES)))
def test_choices_are_all_that_run_in_the_order_of_their_ranks(
    variants: dict[str, VariantEntry], features: set[str]
) -> None:
    running = {name for name, entry in variants.items() if not entry.cpu_features or features & {*entry.cpu_features}}
    try:
        choices = choose_forms(bundle_with(variants), features).choices
    except EngineLoadError:
        assert not running
        return
    assert set(choices) == running
    assert len(choices) == len(running)
    ranks = [variants[name].rank for name in choices]
    assert ranks == sorted(ranks)


def test_memory_that_is_sure_not_to_suffice_is_told_before_anything_is_loaded() -> None:
    bundle = bundle_with({"int8": form(memory_bytes=250_000_000), "unknown": form()})
    check_memory(bundle, "int8", 250_000_000)
    check_memory(bundle, "unknown", 0)
    with pytest.raises(EngineLoadError, match=r"tiny-en .*its form int8 takes 250 MB of memory, and 249 MB can be had"):
        check_memory(bundle, "int8", 249_000_000)
