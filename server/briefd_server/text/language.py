"""Whether a text is in the language that a bundle was made for.

The rule: among the first 300 words, count those that each known language explains by its grammar words; a word that
several languages share counts for each of them in part. The text is in the expected language when that language
explains one word in twelve, and twice what any other one does. Otherwise the text does not tell: `und`.
"""

from __future__ import annotations

import re
from collections import defaultdict

from briefd_server.languages import read_words
from briefd_server.text.tables import LANGUAGES

UNDETERMINED = "und"

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MOST_CHARACTERS = 4000
_MOST_WORDS = 300
_LEAST_SHARE = 1 / 12
_LEAST_LEAD = 2.0

_LANGUAGES_BY_WORD: dict[str, list[str]] = {}
for _language in LANGUAGES:
    for _word in read_words(_language, "frequent")["words"]:
        _LANGUAGES_BY_WORD.setdefault(_word, []).append(_language)


def guess_language(text: str, expected: str = "en") -> str:
    """Return `expected` where the text shows that it is in it, else `und`.

    Args:
        text: The text, of which a bounded part is read.
        expected: BCP 47 tag of the language to confirm; one without a word list here is never confirmed.

    """
    words = _WORD.findall(text[:_MOST_CHARACTERS].lower().replace("’", "'"))[:_MOST_WORDS]
    explained: defaultdict[str, float] = defaultdict(float)
    for word in words:
        languages = _LANGUAGES_BY_WORD.get(word) or _LANGUAGES_BY_WORD.get(word.partition("'")[0], [])
        for language in languages:
            explained[language] += 1 / len(languages)
    strongest_other = max((count for language, count in explained.items() if language != expected), default=0)
    is_enough = explained[expected] >= max(1, _LEAST_SHARE * len(words))
    return expected if is_enough and explained[expected] >= _LEAST_LEAD * strongest_other else UNDETERMINED
