"""`brief-build generate`: from a language model to a measured bundle.

Every variant is exported, compared with float32 and timed beside the others; the manifest is written last, and the
bundle's directory appears in one step.
"""

from __future__ import annotations

import gc
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from briefd_build.errors import BuildError
from briefd_build.generative.conversion import (
    MOST_DRAFT_TOKENS,
    Exported,
    Options,
    choose_context,
    export_all,
    load_prepared,
    read_texts,
)
from briefd_build.generative.manifest import Decoding, Origin, describe_variant, write_bundle
from briefd_build.generative.measuring import (
    TIMED_PROMPT_TOKENS,
    TIMED_TOKENS,
    Measured,
    agree,
    choose_draft_tokens,
    measure_footprint,
    rank,
    time_engines,
    time_side_by_side,
    timed_prompt,
)
from briefd_build.generative.replacing import check_replaceable, replaced
from briefd_build.generative.requirements import (
    check_download,
    check_needs,
    estimate_needs,
    read_size,
)
from briefd_build.generative.source import find_model
from briefd_build.generative.variants import BASELINE, VARIANTS, HeadKind
from briefd_build.room import free_disk_bytes, free_memory_bytes
from briefd_server.engines import load_summarizer
from briefd_server.engines.generative.session import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from briefd_build.generative.footprint import Footprint
    from briefd_build.generative.source import ModelSource
    from briefd_server.bundle import Bundle, Manifest, VariantEntry

    Report = Callable[[str, float], None]

# How many tokens to read ahead: more cost a run of the model more than what is copied in one go is worth. Milliseconds
# a text of a headline model (`int8`, median of 7) with 0, 4, 8, 12 and 16: 9.85, 9.38, 9.18, 9.42, 10.12.
_DRAFT_CHOICES = (0, 4, MOST_DRAFT_TOKENS)
_DRAFT_TEXTS = 12


@dataclass(frozen=True)
class Measurements:
    """What was measured of a bundle: figures by variant, first choice first, and how its model is best run."""

    variants: Mapping[str, Measured]
    decode_threads: int
    draft_tokens: int = 0
    draft_milliseconds: Mapping[int, float] | None = None
    footprints: Mapping[str, Footprint] | None = None


def build_generative(model: str, directory: Path, names: Sequence[str], options: Options, report: Report) -> Manifest:
    """Make a bundle of a language model.

    Args:
        model: a directory or a hub name.
        directory: the bundle's, which appears whole or not at all.
        names: variants to put into it; all useful ones where empty.
        options: what else is asked.
        report: called with the stage's name and the share of it that is done, 0 to 1.

    Returns:
        The bundle's manifest.

    Raises:
        BuildError: the model will not do, something is missing, or there is too little disk or memory.

    """
    check_replaceable(directory)
    report("finding the model", 0.0)
    source = find_model(model, check_download)
    size = read_size(source)
    wanted = choose_variants(names, size.table_rows, options.shortlist_size)
    choose_context(source, options.context_tokens)
    others = [VARIANTS[name] for name in wanted if name != BASELINE]
    made = [VARIANTS[BASELINE], *others]
    check_needs(estimate_needs(size, made, options.shortlist_size), directory, free_disk_bytes, free_memory_bytes)
    with replaced(directory) as folder:
        report("loading the model", 0.0)
        exported = export_all(load_prepared(source, options), VARIANTS[BASELINE], others, options, folder, report)
        # The weights are of no use any more, and memory is wanted for measuring.
        gc.collect()
        return _write(source, exported, wanted, options, report)


def choose_variants(names: Sequence[str], vocabulary_size: int, shortlist_size: int) -> list[str]:
    """Choose the variants of a bundle: those named, or all of which something may be gained.

    Raises:
        BuildError: a name is unknown, or none is left that a device may run.

    """
    if unknown := [name for name in names if name not in VARIANTS]:
        raise BuildError(f"there is no variant {unknown[0]!r}; choose among {', '.join(VARIANTS)}")
    # A small output layer takes no time that is worth saving.
    is_large = vocabulary_size >= 2 * shortlist_size
    useful = [name for name, variant in VARIANTS.items() if is_large or variant.head is HeadKind.FULL]
    chosen = list(dict.fromkeys(names)) or useful
    if chosen == [BASELINE]:
        raise BuildError(f"{BASELINE} is for comparison only; name another of the --variants besides it")
    return chosen


def _write(
    source: ModelSource, exported: Exported, wanted: Sequence[str], options: Options, report: Report
) -> Manifest:
    """Measure, and write the manifest: once for the engine that is measured, and again with what was found."""
    measurements = _measure_sessions(exported, wanted, options, report)
    bundle = _write_manifest(source, exported, measurements, options)
    measurements = _measure_drafts(bundle, measurements, options, report)
    footprints = {}
    for number, name in enumerate(measurements.variants):
        report(f"measuring the memory of {name}", number / len(wanted))
        footprints[name] = measure_footprint(exported.folder, name, options.thread_count, read_texts()[0])
    report("done", 1.0)
    measurements = replace(measurements, footprints=footprints)
    return _write_manifest(source, exported, measurements, options).manifest


def _measure_sessions(exported: Exported, wanted: Sequence[str], options: Options, report: Report) -> Measurements:
    """Measure agreement and time of each variant, single tokens on one thread and on all."""
    counts = sorted({1, options.thread_count})
    sessions = {
        (name, count): exported.open(name, Threads(options.thread_count, count)) for name in wanted for count in counts
    }
    agreements = {}
    for number, name in enumerate(wanted):
        report(f"comparing {name} with float32", number / len(wanted))
        agreements[name] = agree(sessions[name, options.thread_count], exported.prompts, exported.written)
    prompt_tokens = min(TIMED_PROMPT_TOKENS, exported.context_tokens - TIMED_TOKENS[-1])
    prompt = timed_prompt(exported.prompts, prompt_tokens)
    times = time_side_by_side(sessions, prompt, lambda done: report("timing the variants", done))
    by_count = {
        count: {name: Measured(exported.size_bytes(name), agreements[name], times[name, count]) for name in wanted}
        for count in counts
    }
    first_choices = {count: figures[_ranked(figures)[0]] for count, figures in by_count.items()}
    decode_threads = min(counts, key=lambda count: first_choices[count].milliseconds[TIMED_TOKENS[0]])
    figures = by_count[decode_threads]
    return Measurements({name: figures[name] for name in _ranked(figures)}, decode_threads)


def _ranked(figures: Mapping[str, Measured]) -> list[str]:
    """Rank what a device may run; a form that any processor runs is for those that run no other."""
    ranked = rank({name: each for name, each in figures.items() if name != BASELINE})
    ranked.sort(key=lambda name: not VARIANTS[name].cpu_features)
    # Float32 is there for comparison.
    return [*ranked, *(name for name in figures if name == BASELINE)]


def _measure_drafts(bundle: Bundle, measurements: Measurements, options: Options, report: Report) -> Measurements:
    """Time the engine of the first choice with and without reading ahead."""
    first, *_ = measurements.variants
    engines = {}
    for count in _DRAFT_CHOICES:
        parameters = {**bundle.manifest.engine_parameters, "draft_tokens": count}
        drafting = replace(bundle, manifest=replace(bundle.manifest, engine_parameters=parameters))
        engines[count] = load_summarizer(drafting, first, options.thread_count)
    texts = read_texts()[:_DRAFT_TEXTS]
    times = time_engines(engines, texts, lambda done: report("timing prompt lookup", done))
    milliseconds = {count: each / len(texts) for count, each in times.items()}
    return replace(measurements, draft_tokens=choose_draft_tokens(milliseconds), draft_milliseconds=milliseconds)


def _write_manifest(source: ModelSource, exported: Exported, measurements: Measurements, options: Options) -> Bundle:
    entries = {name: _entry(exported, name, number, measurements) for number, name in enumerate(measurements.variants)}
    return write_bundle(
        exported,
        Origin.of(source),
        entries,
        Decoding(measurements.decode_threads, measurements.draft_tokens),
        provenance={"options": asdict(options)},
        evaluation=_evaluation(exported, measurements, options),
    )


def _entry(exported: Exported, name: str, number: int, measurements: Measurements) -> VariantEntry:
    footprint = measurements.footprints[name] if measurements.footprints else None
    return replace(
        describe_variant(exported, VARIANTS[name]),
        memory_bytes=footprint.peak_bytes if footprint else None,
        rank=number,
    )


def _evaluation(exported: Exported, measurements: Measurements, options: Options) -> dict[str, Any]:
    footprints = measurements.footprints or {}
    variants = {
        name: figures.to_json() | (asdict(footprints[name]) if name in footprints else {})
        for name, figures in measurements.variants.items()
    }
    drafts = {str(count): round(ms, 2) for count, ms in (measurements.draft_milliseconds or {}).items()}
    return {
        "parity_with_transformers": exported.parity.to_json(),
        "threads": {"prompt": options.thread_count, "decode": measurements.decode_threads},
        "variants": variants,
        "ms_a_text_by_draft_tokens": drafts,
    }
