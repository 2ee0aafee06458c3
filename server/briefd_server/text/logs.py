"""A line of a log: where its message begins, after times, hosts, processes and levels, and how severe it says it is."""

from __future__ import annotations

import re

from briefd_server.text.tables import WORDS

_SEVERITIES = ("error", "warning", "info", "debug")
_SEVERITY_BY_LEVEL = {level: severity for severity in _SEVERITIES for level in WORDS[f"severities_{severity}"]}
# Of glog, which most programs of Google write.
_SEVERITY_BY_LETTER = {"I": "info", "W": "warning", "E": "error", "F": "error"}
_LEVELS = "|".join(sorted(_SEVERITY_BY_LEVEL, key=len, reverse=True))
_STAMP = re.compile(
    r"""\s*(?:
      \[?\d{4}[-/.]\d\d[-/.]\d\d[T\s_,]{1,2}\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:Z|\s?[+-]\d\d:?\d\d|\sUTC)?\]?
    | \[?\d{1,2}[./]\d{1,2}[./]\d{2,4},?\s\d{1,2}:\d\d(?::\d\d)?(?:\s?[AaPp]\.?[Mm]\.?)?\]?
    | \[\d{1,2}:\d\d(?::\d\d)?,?\s\d{1,2}[./]\d{1,2}[./]\d{2,4}\]
    | \[?[A-Z][a-z]{2}\s[A-Z][a-z]{2}\s{1,2}\d{1,2}\s\d\d:\d\d:\d\d(?:\.\d{1,9})?\s\d{4}\]?
    | (?P<letter>[IWEF])\d{4}\s\d\d:\d\d:\d\d\.\d{1,9}\s{1,7}\d{1,9}\s[\w./-]{1,80}:\d{1,6}\](?=\s)
    | [A-Z][a-z]{2}\s{1,2}\d{1,2}\s\d\d:\d\d:\d\d(?=\s(?P<host>[\w.-]{1,64})\s)?
    | \[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?
    | \[\d{1,2}:\d\d(?:\s?[AaPp][Mm])?\]
    | \[\s{0,8}\d+\.\d+\]
    )(?=[\s:,|-])[\s:,|-]{0,8}""",
    re.VERBOSE,
)
# What may stand between the time and the message.
_LOGGER = r"(?:[\w$]{1,40}\.){0,8}[\w$-]{1,40}"
_FIELD = re.compile(
    rf"""(?:
      [\[(<](?i:(?P<bracketed>{_LEVELS}))\s{{0,3}}[\])>]:?
    | (?i:(?P<level>{_LEVELS})):(?=\s)
    | (?P<capitals>{_LEVELS.upper()})(?=[\s|])
    | \[\s{{0,8}}\d{{1,12}}\.\d{{1,9}}\]
    | \[(?:client|pid|tid)\s[^\]]{{1,60}}\](?=\s)
    | [\w./()@-]{{1,60}}\[\d{{1,9}}\]:?(?=\s)
    | (?:\[[\w.:/\#-]{{1,60}}\]|{_LOGGER})(?=\s{{1,3}}(?:[-|]\s)?[\[(<]?(?:{_LEVELS.upper()})\b)
    | (?:\[[\w.:/\#-]{{1,60}}\]\s)?(?:[\w$]{{1,40}}\.){{1,8}}[\w$]{{1,40}}(?=:\s|\s[-:|]\s)
    )[\s:|-]{{1,8}}""",
    re.VERBOSE,
)
_SYSLOG_PROCESS = re.compile(r"[\w./()@-]{1,60}(?:\[\d{1,9}\])?:\s{1,4}")
# "ERROR:root:disk full", "[ERROR] disk full": a level that needs no time.
_LONE_LEVEL = re.compile(rf"(?P<level>{_LEVELS.upper()}):[\w.]{{1,60}}:|\[(?i:(?P<bracketed>{_LEVELS}))\]\s{{1,8}}")
_EXCEPTION = re.compile(
    r"(?:Caused\sby:\s|Exception\sin\sthread\s\"[^\"]{0,80}\"\s)?(?:[\w$]{1,80}\.){0,12}[A-Z]\w{0,80}(?:Error|Exception|Panic|Fault)(?::\s|$)"
)
_MOST_FIELDS = 5
_FIRST_OF_MARKS = frozenset("[0123456789")


def read_log_line(line: str, start: int) -> tuple[int, str | None] | None:
    """Read a line from `start` on.

    Returns:
        Where its message begins and its severity, None where it tells none; None for a line that is no log's.
    """
    if (
        line[start : start + 1] not in _FIRST_OF_MARKS
        and not line[start : start + 1].isupper()
        and line[start : start + 1] != " "
    ):
        return None
    stamp = _STAMP.match(line, start)
    if stamp is None:
        return _read_without_time(line, start)
    position, severity = stamp.end(), _SEVERITY_BY_LETTER.get(stamp["letter"] or "")
    if stamp["host"]:
        position = stamp.end("host") + 1
        process = _SYSLOG_PROCESS.match(line, position)
        position = process.end() if process else position
    for _ in range(_MOST_FIELDS):
        field = _FIELD.match(line, position)
        if field is None or field.end() >= len(line):
            break
        severity = _severity(field) or severity
        position = field.end()
    return position, severity


def is_level(word: str) -> bool:
    """Tell whether a word says how severe an entry of a log is."""
    return word.lower() in _SEVERITY_BY_LEVEL


def _read_without_time(line: str, start: int) -> tuple[int, str | None] | None:
    if level := _LONE_LEVEL.match(line, start):
        return level.end(), _SEVERITY_BY_LEVEL[(level["level"] or level["bracketed"]).lower()]
    if _EXCEPTION.match(line, start):
        return start, "error"
    return None


def _severity(field: re.Match[str]) -> str | None:
    level = field["bracketed"] or field["level"] or field["capitals"]
    return _SEVERITY_BY_LEVEL[level.lower()] if level else None
