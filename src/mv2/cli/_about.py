"""``mv2 completion`` and ``mv2 version``."""

from __future__ import annotations

from typing import Final

import click

from mv2._version import __version__
from mv2.cli import _exit
from mv2.cli._options import json_option, quiet_option
from mv2.cli._output import Output

_LIBRARIES: Final = ("tantivy", "numpy", "blake3", "zstandard", "click", "rich")


@click.command(epilog="\b\nExample:\n  mv2 completion bash")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    r"""Print the completion script of a shell.

    \b
    bash:  mv2 completion bash >> ~/.bashrc
    zsh:   mv2 completion zsh >> ~/.zshrc
    fish:  mv2 completion fish > ~/.config/fish/completions/mv2.fish
    """
    from click.shell_completion import get_completion_class

    from mv2.cli._app import app

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"No completion for {shell}.")
    script = kind(app, {}, "mv2", "_MV2_COMPLETE")
    # Not source(): that starts a bash to ask for its version.
    click.echo(script.source_template % script.source_vars())
    return _exit.OK


@click.command(epilog="\b\nExample:\n  mv2 version --json")
@quiet_option
@json_option
def version(quiet: bool, as_json: bool) -> int:
    """Show versions, for bug reports."""
    import platform

    found = {
        "mv2": __version__,
        "format": "MV2 2.1",
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: _installed(name) for name in _LIBRARIES},
    }
    out = Output(json=as_json, quiet=quiet)
    if as_json:
        out.document(found)
        return _exit.OK
    out.line(f"mv2 {__version__} (format MV2 2.1)")
    if not quiet:
        out.line(f"Python {found['python']} on {found['platform']}")
        out.line(", ".join(f"{name} {_installed(name) or 'not installed'}" for name in _LIBRARIES))
    return _exit.OK


def _installed(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        return version_of(name)
    except PackageNotFoundError:
        return None
