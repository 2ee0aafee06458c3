"""Outputs as targets: what a teacher says, softened, so that a student learns which wrong answers are nearly right.

The distance is that of Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


def softened_divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Divergence of a student's softened outputs from its teacher's: the mean over rows.

    Times the temperature's square, so that its gradients stay of the size of the labels'.

    Args:
        student: logits [rows, classes].
        teacher: those of the same rows and classes.
        temperature: that both are divided by; 1 softens nothing.
    """
    student_log, teacher_log = (torch.log_softmax(each.float() / temperature, -1) for each in (student, teacher))
    return functional.kl_div(student_log, teacher_log, reduction="batchmean", log_target=True) * temperature**2
