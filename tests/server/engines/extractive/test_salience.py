"""A word's salience in the whole text: the mean of its mentions, and more for every further one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sentence_readings import read_annotated

from briefd_server.engines.extractive.salience import spread_salience


def test_mentions_share_their_salience_whatever_their_case() -> None:
    first = replace(read_annotated("Pumps/1/nsubj/NOUN fail/1/root/VERB"), salience=np.array([2.0, -1.0]))
    second = replace(read_annotated("No/1/det/DET pumps/1/root/NOUN"), salience=np.array([0.0, 4.0]))
    spread = spread_salience([first, second])
    assert spread[0].salience[0] == spread[1].salience[1]
    assert spread[0].salience[0] > 3.0  # the mean, and a bonus for two mentions
    assert (spread[0].salience[1], spread[1].salience[0]) == (-1.0, 0.0)
    assert spread[0].salience.dtype == np.float32
    assert first.salience.tolist() == [2.0, -1.0]


def test_every_further_mention_adds_less() -> None:
    mentions = [read_annotated("pump/0/root/NOUN", salience=1.0)] * 3
    bonuses = [float(spread_salience(mentions[:count])[0].salience[0]) for count in (1, 2, 3)]
    assert bonuses[0] == pytest.approx(1.0)
    assert 0 < bonuses[2] - bonuses[1] < bonuses[1] - bonuses[0]
