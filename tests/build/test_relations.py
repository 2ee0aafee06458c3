"""Relations of attention: as in the paper, whatever the widths, and blind to padding."""

from __future__ import annotations

import math

import pytest
import torch

from briefd_build.compression.relations import relation_heads, relations_distance

PRESENT = torch.tensor([[True, True, True, False], [True, True, True, True]])


def drawn(width: int, seed: int) -> list[torch.Tensor]:
    return list(torch.randn((3, 2, 4, width), generator=torch.Generator().manual_seed(seed)))


def by_hand(student: list[torch.Tensor], teacher: list[torch.Tensor], heads: int) -> float:
    """Equation 4 of Wang et al. 2021, one head and one word after the other."""
    found = []
    for mine, theirs in zip(student, teacher, strict=True):
        for text, words in enumerate(PRESENT.sum(1).tolist()):
            for head in range(heads):
                relations = []
                for projection in (mine, theirs):
                    size = projection.shape[-1] // heads
                    part = projection[text, :words, head * size : (head + 1) * size]
                    relations.append(torch.softmax(part @ part.T / math.sqrt(size), -1))
                own, taught = relations
                found += (taught * (taught / own).log()).sum(-1).tolist()
    return sum(found) / len(found)


@pytest.mark.parametrize(("width", "heads"), [(12, 3), (6, 3), (8, 1)])
def test_it_is_the_papers(width: int, heads: int) -> None:
    student, teacher = drawn(width, 1), drawn(12, 2)
    given = relations_distance(student, teacher, PRESENT, heads).item()
    assert given == pytest.approx(by_hand(student, teacher, heads), rel=1e-4)


def test_a_twin_is_at_no_distance_and_padding_is_not_looked_at() -> None:
    teacher = drawn(12, 1)
    student = [each.clone() for each in teacher]
    for each in student:
        each[0, 3] = 50.0
    assert relations_distance(student, teacher, PRESENT, 3).item() == pytest.approx(0, abs=1e-5)
    assert relations_distance(drawn(12, 2), teacher, PRESENT, 3).item() > 0.1


@pytest.mark.parametrize(
    ("student", "teacher", "heads", "expected"),
    [(384, 384, 12, 12), (256, 384, 12, 4), (512, 768, 12, 4), (32, 32, 2, 2)],
)
def test_relation_heads_fit_both(student: int, teacher: int, heads: int, expected: int) -> None:
    assert relation_heads(student, teacher, heads) == expected
