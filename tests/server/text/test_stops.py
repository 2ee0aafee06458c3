"""Which stops end a sentence: abbreviations of every kind, dates, initials, units, quotations, footnotes, pictures."""

from __future__ import annotations

import pytest

from briefd_server.text.sentences import find_sentences


def split(text: str) -> list[str]:
    return [text[each.start : each.end] for each in find_sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        "A licence of Cl. B and your own van are wanted.",
        "Applicants need a Cat. C licence and a clean record.",
        "The tank holds 3.5 gal. of water.",
        "Take one tab. twice daily with food.",
        "Send the form to the Admin. Office in Mill Road.",
        "Deliveries to the rear entr. only, as the front door is blocked.",
        "Nr. 5 in Mill Road is empty.",
        "Residents of Bldg. C, fl. 3 must leave by the north stairs.",
        "Add 2 tbsp. of oil and 1 tsp. of salt.",
        "It takes approx. 6 wks. and max. 3 hrs. a day.",
        "He asked for the encl. form and the constr. plan.",
        "The fair opens on 3. May and closes on 21. June.",
        "On 3. Oct. it rained.",
        "She lives at 340 N. Main Street.",
        "He drove to 12 E. Oak Rd. and back.",
        "Mr. J. R. Hall of Acme Inc. paid.",
        "Moren et al. [2014] studied tides.",
        "See No. 5, vol. IV and p. 12.",
        "Work on the St. Aldwin bridge is done, says Capt. Rourke.",
        "Call ext. 12 at 4 p.m. Monday.",
    ],
)
def test_one_sentence(text: str) -> None:
    assert split(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "He lives at 340 N.| Noticed that the door was open.",
        "It pushes with 340 N.| The plate bends.",
        "I said no.| I went home.",
        "I have a cat.| It sleeps.",
        "We use version 3.| May I ask why?",
        "It was 3.| The score was kept.",
        "The area is ².| May is here.",
        f"It was {'9' * 5000}.| May came.",
        "Ask for the RFP.| Bruce has it.",
        "It ran 5 km.| The race is over.",
        "We met Tom.| Bob was late.",
        "It is due to the tide.| In May it will rise.",
        "Der Wirt sagte: „Wir schließen.“| Die Gäste blieben.",
        "Backup of mail1 done in 12 min| ⚠️ Backup of web2 skipped| ❌ Backup of db3 failed",
        "It works| 👍🏽 We ship it",
        "it stopped.| it started.| ok",
        "It has a port.| http://a.example is its address.",
        "It rained.[2]| Then it stopped.",
        "Many left.| (Some stayed.)| All slept.",
        "THE PUMP FAILED.| CALL NR. 5.",
    ],
)
def test_ends(text: str) -> None:
    assert split(text.replace("|", "")) == [part.strip() for part in text.split("|")]


@pytest.mark.parametrize("text", ["I love 🍕 pizza and ⭐ ratings", "Open File ➔ Save As", "one ✅ two ✅ three"])
def test_pictures_within_a_sentence(text: str) -> None:
    assert split(text) == [text]
