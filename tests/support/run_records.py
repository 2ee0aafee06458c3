"""Records of runs for tests: what a run might have found, with as many stages as asked for."""

from __future__ import annotations

import dataclasses
from typing import Any

from briefd_build.pipeline.results import (
    Cost,
    Disagreement,
    GateResult,
    Interval,
    RunRecord,
    Score,
    StageResult,
)

METRICS = [
    Score("rouge_l", "ROUGE-L"),
    Score("word_f1", "Word F1"),
    Score("within_length", "Within length", is_percent=True),
]


def make_cost(**changes: Any) -> Cost:
    cost = Cost(
        file_bytes=281_600_000,
        compressed_bytes=261_000_000,
        parameters=70_426_624,
        nonzeros=70_420_000,
        macs=2_440_000_000,
        bytes_read=178_000_000,
        load_seconds=0.41,
        rss_bytes=396_000_000,
        rss_peak_bytes=612_000_000,
        p50_ms=182.0,
        p95_ms=211.0,
        previous_p50_ms=None,
        cpu_seconds=0.36,
        joules=1.42,
        is_energy_measured=False,
        energy_source="processor time at 3.9 W a core",
    )
    return dataclasses.replace(cost, **changes)


def make_quality(rouge_l: float) -> dict[str, Interval]:
    return {
        "rouge_l": Interval(rouge_l, rouge_l - 0.013, rouge_l + 0.012),
        "word_f1": Interval(rouge_l + 0.04, rouge_l + 0.025, rouge_l + 0.054),
        "within_length": Interval(98.5, 96.5, 100.0),
    }


def make_stage(name: str, rouge_l: float = 0.31, **changes: Any) -> StageResult:
    stage = StageResult(
        name=name,
        stage=name,
        parameters={},
        done="",
        check="",
        cost=make_cost(),
        quality=make_quality(rouge_l),
        agreement=1.0,
        seconds=4.0,
        verdict="",
        files_digest="sha256:" + "ab" * 32,
    )
    return dataclasses.replace(stage, **changes)


def make_record(**changes: Any) -> RunRecord:
    """Make the record of a run of four stages after the source: one that pays not, and three that do."""
    stages = [
        make_stage("source", done="EleutherAI/pythia-70m-deduped", check="outputs within 2e-6 of PyTorch's"),
        make_stage(
            "prune-unstructured",
            0.304,
            parameters={"share": 0.1, "scope": "global"},
            done="6,291,456 of 62,914,560 weights set to zero, 10.0 % by L1",
            check="1,102 of 1,113 tokens as before",
            cost=make_cost(nonzeros=64_100_000, compressed_bytes=243_000_000, p50_ms=182.9, previous_p50_ms=182.4),
            agreement=0.835,
            verdict="lost 0.6 points of ROUGE-L and saved neither time, memory nor file bytes: dense kernels multiply "
            "zeros too",
        ),
        make_stage(
            "low-rank",
            0.297,
            parameters={"rank": 32, "layers": 6},
            done="6 linear layers factored at rank 32, 11.2 M weights less",
            check="1,040 of 1,113 tokens as before",
            cost=make_cost(
                file_bytes=236_000_000,
                compressed_bytes=204_000_000,
                parameters=59_200_000,
                nonzeros=53_800_000,
                macs=2_040_000_000,
                bytes_read=134_000_000,
                rss_bytes=351_000_000,
                p50_ms=161.0,
                p95_ms=190.0,
                previous_p50_ms=183.5,
                cpu_seconds=0.318,
                joules=1.24,
            ),
            agreement=0.71,
            seconds=31.0,
        ),
        make_stage(
            "quantize",
            0.295,
            parameters={"precision": "int8-dynamic"},
            done="36 matrices to INT8, activations as they come",
            check="98.7 % of float32's tokens",
            cost=make_cost(
                file_bytes=61_000_000,
                compressed_bytes=47_300_000,
                parameters=59_200_000,
                nonzeros=52_900_000,
                macs=2_040_000_000,
                bytes_read=36_000_000,
                load_seconds=0.12,
                rss_bytes=141_000_000,
                rss_peak_bytes=198_000_000,
                p50_ms=71.3,
                p95_ms=84.0,
                previous_p50_ms=160.2,
                cpu_seconds=0.139,
                joules=0.54,
            ),
            agreement=0.69,
            seconds=12.0,
        ),
    ]
    record = RunRecord(
        recipe={
            "name": "pythia-70m",
            "description": "The known recipe: L1 pruning of a tenth, SVD at rank 32, dynamic INT8",
            "task": "generative",
            "seed": 1,
            "stages": [{"stage": "prune-unstructured", "share": 0.1}, {"stage": "low-rank", "rank": 32}],
        },
        metrics=METRICS,
        baseline="source",
        stages=stages,
        pytorch=make_cost(p50_ms=402.0, p95_ms=466.0, rss_bytes=811_000_000, joules=3.1, engine="pytorch"),
        gates=[
            GateResult("quality_loss", 0.05, 0.048, passes=True),
            GateResult("size_ratio", 0.25, 0.217, passes=True),
            GateResult("latency_ratio", 0.35, 0.391, passes=False),
            GateResult("size_bytes", 70_000_000, 61_000_000, passes=True),
        ],
        disagreements=[
            Disagreement(
                "The city council voted on Monday evening to close the Mill Street bridge for six months. Engineers "
                "had found cracks in two of its five pillars.",
                "Mill Street bridge closes for six months after engineers found cracks in two pillars.",
                "The city council voted to close the Mill Street bridge for six months after cracks.",
                "The Mill Street bridge is closed for six months because of cracks in its pillars.",
            )
        ],
        evaluation={"own prompts": 50, "scitldr dev": 200},
        environment={
            "processor": "Intel Xeon",
            "cores": "2",
            "Python": "3.11.2",
            "onnxruntime": "1.23.0",
            "threads": "2",
        },
        provenance={
            "model": {"name": "EleutherAI/pythia-70m-deduped", "license": "Apache-2.0", "sha256": "1f" * 32},
            "data": [{"repository": "allenai/scitldr", "license": "Apache-2.0"}],
        },
        command="brief-build run pythia-70m --set seed=1 --out build/bundles/pythia-70m",
        notes=["Training on more than one thread sums in another order: the last bits may differ."],
    )
    return dataclasses.replace(record, **changes)
