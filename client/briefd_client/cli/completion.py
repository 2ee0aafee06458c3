"""`brief completion`: the script by which a shell completes the command."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script by which a shell completes brief.

    \b
    bash:  brief completion bash > ~/.local/share/bash-completion/completions/brief
    zsh:   brief completion zsh > a directory of $fpath, as the file _brief
    fish:  brief completion fish > ~/.config/fish/completions/brief.fish
    """  # noqa: D301 - the backspace tells click to keep the lines below it as they are
    kind = get_completion_class(shell)
    assert kind is not None
    root = context.find_root()
    click.echo(kind(root.command, {}, root.info_name or "", "_BRIEF_COMPLETE").source())
