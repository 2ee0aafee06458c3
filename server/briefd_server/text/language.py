"""Whether a text is in the language that a bundle was made for.

The rule: among the first 300 words, count those that each known language explains by its grammar words; a word that
several languages share counts for each of them in part. The text is in the expected language when that language
explains one word in twelve, and twice what any other one does. Otherwise the text does not tell: `und`.
"""

from __future__ import annotations

import re
from collections import defaultdict

UNDETERMINED = "und"

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MOST_CHARACTERS = 4000
_MOST_WORDS = 300
_LEAST_SHARE = 1 / 12
_LEAST_LEAD = 2.0

# The most frequent grammar words; for English also what notes and logs of devices are full of.
_FREQUENT_WORDS = {
    "en": "the of and to in is that it for with was are be this have from not by at or which you has they we "
    "will been would their were his her she he but if there can when more all our who what about into "
    "than then its your my out up do did on an as a i me so no one could should had him them these those "
    "some any just like how after before over only also because where while does being very through "
    "between both each under new please thanks don't it's i'm failed error warning started stopped "
    "running found using after again off down back today tomorrow yesterday need",
    "fr": "le la les des et est un une du que qui dans pour pas sur au aux avec ne se ce il elle nous vous ils "
    "par plus sont cette mais ou où son sa ses leur leurs été être avoir fait comme on je tu en de à y a "
    "même aussi très ont était c'est qu'il d'un d'une n'est j'ai",
    "de": "der die das und ist nicht ein eine einen einem einer mit von zu den dem des im auf für sich auch es "
    "sie er ich wir ihr als bei aus nach wird werden wurde sind war hat haben oder aber wenn noch nur wie "
    "über an in so vom zum zur was man kann mehr durch um",
    "es": "el la los las de y en que un una es por con para del se no al lo su sus como más pero este esta son "
    "fue ha muy sin sobre también me le ya o si mi qué está hay entre cuando todo ser desde nos",
    "it": "il lo la i gli le di e che è un una per con del della dei delle non si in sono da al alla nel nella "
    "come più ma anche ha questo questa o se ci dal dalla stato essere su",
    "pt": "o a os as de e que em um uma do da dos das no na nos nas para com por não se é ao mais como mas foi "
    "ou seu sua são está também pelo pela isso já eu ele ela",
    "nl": "de het een en van is dat niet in op te zijn met voor die aan er om ook als maar bij nog uit naar dan "
    "door over hij ze we wordt werd heeft deze dit wel geen kan meer was",
}
_LANGUAGES_BY_WORD: dict[str, list[str]] = {}
for _language, _words in _FREQUENT_WORDS.items():
    for _word in set(_words.split()):
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
