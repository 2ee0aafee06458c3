"""How bad it is to cut a word that a rule keeps.

- `DENYING`: without the word the sentence says the opposite;
- `BREAKING`: without it the sentence is broken: a needed complement, an auxiliary, part of a name;
- `STRIPPING`: without it the sentence holds where the text does not say so: a condition, an exception, a threshold;
- `BENDING`: without it the sentence says something else: a figure, a hedge, a source's doubt;
- `EXTENDING`: without it the sentence speaks of others than the text does: which cars may not enter;
- `GENERALIZING`: without it the sentence says something of more than the text does: any other restriction of "no",
  "every", "most" or of a whole kind;
- `WIDENING`: without it the sentence says more than the text: any other restriction where the polarity is not upward;
- `LOOSENING`: the same for a restriction within another, or of what happened once, which matters less.
"""

from __future__ import annotations

DENYING = "denying"
BREAKING = "breaking"
STRIPPING = "stripping"
BENDING = "bending"
EXTENDING = "extending"
GENERALIZING = "generalizing"
WIDENING = "widening"
LOOSENING = "loosening"
GRADES = (DENYING, BREAKING, STRIPPING, BENDING, EXTENDING, GENERALIZING, WIDENING, LOOSENING)
"""The grades, the worst first."""
