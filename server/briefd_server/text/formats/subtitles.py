"""Subtitles (SubRip, WebVTT) and timed transcripts: numbers and times go, lines of one speech are joined."""

from __future__ import annotations

import re

from briefd_server.text.clean import Edit

_TIME = r"(?:\d{1,3}:)?\d{1,2}:\d\d[.,]\d{1,3}"
# The number or name of a cue, its times and settings.
_CUE = re.compile(
    rf"^(?:[^\S\n]{{0,8}}\d{{1,6}}[^\S\n]{{0,8}}\n)?[^\S\n]{{0,8}}{_TIME}[^\S\n]{{1,8}}-->[^\S\n]{{1,8}}{_TIME}[^\n]*",
    re.MULTILINE,
)
_TIME_LINE = re.compile(r"^[^\S\n]{0,8}[\[(]?(?:\d{1,2}:)?\d{1,2}:\d\d[\])]?[^\S\n]{0,8}$", re.MULTILINE)
_FEWEST_TIME_LINES = 3
_MARKS = re.compile(
    r"<v(?:\.[\w.]{1,40})?[^\S\n]{1,4}(?P<voice>[^<>\n]{1,60})>"
    r"|</?(?:c|v|lang|ruby|rt)\b[^<>\n]{0,60}>|<\d\d:[\d:.]{1,12}>|\{\\an?\d\}"
    r"|(?P<space>\n\s*)"
)
_SPACE = re.compile(r"\s+")
_OPENS_SPEECH = re.compile(r"-|–|—|>>|\[|♪|<v|[A-Z][\w.' ]{0,30}:\s")


def find_subtitles(text: str) -> list[Edit]:
    """Find the marks of subtitles where `text` is one; cues are read as one paragraph until somebody else speaks."""
    times = list(_CUE.finditer(text)) if "-->" in text else []
    if not times and ":" in text:
        times = list(_TIME_LINE.finditer(text))
        times = times if len(times) >= _FEWEST_TIME_LINES else []
    if not times:
        return []
    edits = [Edit(0, times[0].start())] if text.startswith(("WEBVTT", "\ufeffWEBVTT")) else []
    ends = [*(time.start() for time in times[1:]), len(text)]
    for time, end in zip(times, ends, strict=True):
        edits += _cue_edits(text, time, end)
    return edits


def _cue_edits(text: str, time: re.Match[str], end: int) -> list[Edit]:
    space = _SPACE.match(text, time.end(), end)
    body_start = space.end() if space else time.end()
    edits = [Edit(time.start(), body_start, _break_before(text, body_start))]
    stripped_end = body_start + len(text[body_start:end].rstrip())
    for match in _MARKS.finditer(text, body_start, stripped_end):
        if match["voice"]:
            edits += [Edit(match.start(), match.start("voice")), Edit(match.end() - 1, match.end(), ": ")]
        else:
            edits.append(Edit(*match.span(), _break_before(text, match.end()) if match["space"] else ""))
    return [*edits, Edit(stripped_end, end)] if stripped_end < end else edits


def _break_before(text: str, position: int) -> str:
    return "\n\n" if _OPENS_SPEECH.match(text, position) else " "
