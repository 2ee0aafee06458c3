from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_server.text.language import guess_language

ENGLISH = "The soil moisture probe in bay 3 stopped reporting at 04:10 this morning."
FRENCH = "La sonde d'humidité de la baie 3 a cessé d'émettre à 4 h 10 ce matin."


@pytest.mark.parametrize(
    "text",
    [
        ENGLISH,
        ENGLISH.upper(),
        "ERROR disk full on /dev/sda1, retrying after 5 s",
        "2024-05-01T10:00:01Z pump-3: failed to start",
        "Now that’s a rambling response.",
        "Buy milk and eggs",
    ],
)
def test_english_is_told(text: str) -> None:
    assert guess_language(text) == "en"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "42 17:30 — !!!",
        FRENCH,
        "Die Katze sitzt auf dem Tisch und schläft in der Sonne.",
        "El perro está en la casa y no quiere salir.",
        "Il gatto è sul tavolo e non si muove.",
        "O gato está em cima da mesa e não se mexe.",
        "De kat zit op de tafel en wil er niet af.",
        "我喜欢你。他也是。",
        "milk eggs bread butter cheese",
        "L'article « In the beginning » est paru dans une revue le lendemain, et la suite aussi.",
    ],
)
def test_other_or_too_little_is_undetermined(text: str) -> None:
    assert guess_language(text) == "und"


def test_expected_language_is_the_one_confirmed() -> None:
    assert guess_language(FRENCH, "fr") == "fr"
    assert guess_language(ENGLISH, "fr") == "und"
    assert guess_language(ENGLISH, "ja") == "und"


@given(st.text(), st.sampled_from(["en", "fr", "xx"]))
def test_answers_the_expected_language_or_undetermined(text: str, expected: str) -> None:
    assert guess_language(text, expected) in {expected, "und"}


def test_reads_a_bounded_part() -> None:
    assert guess_language(ENGLISH * 60 + FRENCH * 5000) == "en"
