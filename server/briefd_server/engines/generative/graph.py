"""Names of the inputs and outputs of a generative bundle's graphs: what the builder writes and the session binds."""

from __future__ import annotations

TOKEN_IDS = "token_ids"  # noqa: S105 - no password
"""int64 [1, T]: tokens that the run reads."""
LAST_POSITION = "last_position"
"""int32 [1]: position of the last of them."""
TOTAL_LENGTH = "total_length"
"""int32 [1]: tokens up to and with it."""
READ_POSITIONS = "read_positions"
"""int64 [L]: which tokens of the run to propose a continuation of."""
ALLOWED = "allowed"
"""float32 [V], or with a shortlist [frequent + R]: added to the logits."""
KEY_POSITIONS = "key_positions"
"""int64 [total]: 0, 1, 2, ...; only where the model knows positions by their distance."""
ROW_IDS = "row_ids"
"""int64 [R]: tokens of the request that join a shortlist."""
ROWS = "rows"
"""float32 [width + 1, R]: their weights and biases."""
IS_RARE = "is_rare"
"""bool [R]: which tokens are not on the shortlist anyway."""
FREQUENT = "frequent"
"""int64 [frequent]: those that are."""

CANDIDATE_IDS = "candidate_ids"
"""int64 [L, K], best first."""
CANDIDATE_SCORES = "candidate_scores"
"""float32 [L, K]."""
END_MARGINS = "end_margins"
"""float32 [L]."""

MASKED_SCORE = -1e30
"""Added to the logit of what may not come: far below any logit, far above what float32 cannot hold."""


def cache_names(layer: int, *, written: bool) -> tuple[str, str]:
    """Name the keys and values of a layer, float32 [1, heads, capacity, size], as input or as `written` output."""
    prefix = "written" if written else "cached"
    return f"{prefix}_keys_{layer}", f"{prefix}_values_{layer}"


def cross_names(layer: int) -> tuple[str, str]:
    """Name the keys and values of the encoder's output for a layer of the decoder, float32 [1, heads, T, size]."""
    return f"encoded_keys_{layer}", f"encoded_values_{layer}"
