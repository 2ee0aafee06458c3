"""`brief classify FILE…`: the label that each text belongs under."""

from __future__ import annotations

from typing import Any

import click

from briefd_client.cli.asking import run
from briefd_client.cli.exits import CLASSIFY_EXIT_STATUS_HELP
from briefd_client.cli.options import ClassifyOptions, classify_options


@click.command(epilog=CLASSIFY_EXIT_STATUS_HELP)
@classify_options
@click.pass_context
def classify(context: click.Context, /, **values: Any) -> None:
    """Tell which label each text belongs under.

    The daemon must serve a classifier. Every FILE is one text in UTF-8; - is standard input, which is also read when
    there is neither FILE nor --text. Each text is answered by one line, the label and its probability: positive 0.982;
    with several FILEs it is led by the file's name. Answers go to standard output, all else to standard error.

    With --jsonl every line of every FILE is a text: {"id": "a1", "text": "..."}. Each is answered by a line with the
    same "id" (without one, the number of the line), and "label", "probability", "labels" and "usage", or an "error"
    with its "reason". Blank lines and other fields are passed over.

    For a file of the name classify, write brief ./classify
    """
    context.exit(run(ClassifyOptions(**values)))
