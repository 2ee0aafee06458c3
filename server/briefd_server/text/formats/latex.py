r"""Commands of LaTeX in running text, as abstracts have them: "\emph{weak} supervision \citep{Lind2018}"."""

from __future__ import annotations

import re

from briefd_server.text.clean import Edit

# What they enclose is read; arguments in arguments are rare in abstracts, and left as they are.
_MARKING = r"(?:text(?:it|bf|tt|sc|rm|sf|sl|up)?|emph|math(?:rm|bf|it|sf|cal|bb)|underline|mbox|url)"
_REFERRING = r"(?:[cC]ite[a-z]{0,12}\*?|(?:eq|page|auto|c)?ref|label|footnote)"
_COMMAND = re.compile(
    rf"\\{_MARKING}(?P<open>\{{)[^{{}}\\]{{1,300}}(?P<close>\}})"
    rf"|[ \t~]?\\{_REFERRING}(?:\[[^\]\n]{{0,60}}\])?\{{[^{{}}\n]{{0,300}}\}}"
)
_TIE = re.compile(r"(?<=\w)~(?=\w)")


def find_latex(text: str) -> list[Edit]:
    """Find commands that mark words or refer to something, and ties; only where a text has such commands."""
    if "\\" not in text:
        return []
    edits: list[Edit] = []
    for match in _COMMAND.finditer(text):
        if match["open"]:
            edits += [Edit(match.start(), match.end("open")), Edit(*match.span("close"))]
        else:
            edits.append(Edit(*match.span()))
    ties = [Edit(*match.span(), " ") for match in _TIE.finditer(text)] if edits else []
    return sorted(edits + ties)
