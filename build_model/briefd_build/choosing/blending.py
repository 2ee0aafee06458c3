"""What is made of the learned weights before they ship: they are blended with the rows of the table of costs.

What is learned is near to titles and summaries, or to the marks of readers, and their texts are few beside the weights:
on abstracts and articles the blend does better than either. Nearness doesn't see a referent that is left behind, so
that a start which points back has a price of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.extractive.standing_features import WORTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from briefd_server.engines.extractive.costs import Costs

# Chosen among 72 blends by three-fold cross-validation on 348 texts of `picked`, and by the dev sets of abstracts,
# posts and GUM: the share of the learned weights in messages and elsewhere, what a start costs that points back, and
# what a unit of the words' worth counts. Of the picked messages 73 % have their best sentence highest (68 % by the
# blend before it, which was partly learned from them), of the other picked texts 55 % (54), of the dev sets' documents
# 46.0 % (44.5).
_SHARE_IN_MESSAGES, _SHARE_ELSEWHERE = 0.7, 0.5
_POINTING_BACK, _CONNECTIVE = 0.7, 0.83
_WORTH = 0.15
_MESSAGE, _STUDY = "message:", "study:"
_POINTERS = frozenset({"pronoun_subject", "pronoun_start", "demonstrative_start", "leans"})
_ASIDES = frozenset(["is_heading", "is_mail_header", "is_table_row", "is_code", "is_quoted", "is_boilerplate"])


def blend(learned: Mapping[str, float], costs: Costs) -> dict[str, float]:
    """Blend learned weights, in units of value, with the costs' rows for prominence, position, asides and questions."""
    rows = {"prominence": costs.prominence, "log_position": -costs.position, "is_question": -costs.question}
    rows |= dict.fromkeys(_ASIDES, -costs.aside)
    blended = {WORTH: _WORTH}
    for name in (each for each in learned if ":" not in each and each != WORTH):
        row, plain = rows.get(name, 0.0), learned[name]
        in_messages = plain + learned[_MESSAGE + name]
        in_studies = plain + learned[_STUDY + name]
        price = _POINTING_BACK * (name in _POINTERS) + _CONNECTIVE * (name == "connective_start")
        elsewhere = _mean(plain, row, _SHARE_ELSEWHERE) - price
        blended[name] = elsewhere
        # Studies speak of "we" and "this work", and mean themselves.
        blended[_STUDY + name] = _mean(in_studies, row, _SHARE_ELSEWHERE) - elsewhere
        blended[_MESSAGE + name] = _mean(in_messages, row, _SHARE_IN_MESSAGES) - price - elsewhere
    return {name: round(weight, 4) for name, weight in blended.items()}


def _mean(learned: float, row: float, share: float) -> float:
    return share * learned + (1 - share) * row
