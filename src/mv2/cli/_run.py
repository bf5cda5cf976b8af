"""From arguments to exit code: every way a command can end passes through here."""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING, Any, TextIO

import click

from mv2 import errors
from mv2.cli import _exit
from mv2.cli._app import ReaderLeftError, app
from mv2.cli._output import caret, clean, one_line, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(args: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; prints errors, never raises them."""
    words = list(sys.argv[1:] if args is None else args)
    as_json = _wants_json(words)
    _prepare_streams()
    with warnings.catch_warnings():
        warnings.showwarning = _warner(as_json)
        warnings.simplefilter("default", errors.Mv2Warning)
        try:
            result = app.main(args=words, prog_name="mv2", standalone_mode=False)
            sys.stdout.flush()
        except (BrokenPipeError, ReaderLeftError):
            return _reader_left()
        except Exception as error:  # noqa: BLE001 - the last place that can say it in one line
            return _failed(error, as_json=as_json)
        except KeyboardInterrupt:
            return _say("interrupted", _exit.INTERRUPTED, "INTERRUPTED", as_json=as_json)
    return result if isinstance(result, int) else _exit.OK


def _wants_json(words: list[str]) -> bool:
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options or "--jsonl" in options


def _prepare_streams() -> None:
    """Text that the terminal cannot show must not end a command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _warner(as_json: bool) -> Any:
    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        text = one_line(str(message))
        if as_json:
            write_json({"warning": {"type": category.__name__, "message": text}}, sys.stderr)
        else:
            click.echo(f"mv2: warning: {clean(text)}", err=True)

    return show


def _reader_left() -> int:
    """The program we print to (``head``) has seen enough: that is no error."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(devnull, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
    finally:
        os.close(devnull)
    return _exit.OK


def _failed(error: Exception, *, as_json: bool) -> int:
    ours = isinstance(error, click.ClickException | click.Abort | click.exceptions.Exit)
    if not ours and os.environ.get("MV2_DEBUG", "") not in ("", "0"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.Abort):
        if isinstance(error.__cause__, KeyboardInterrupt):
            return _say("interrupted", _exit.INTERRUPTED, "INTERRUPTED", as_json=as_json)
        return _say("cancelled", _exit.ERROR, "CANCELLED", as_json=as_json)
    if isinstance(error, click.UsageError):
        return _usage(error, as_json=as_json)
    if isinstance(error, click.ClickException):
        return _say(error.format_message(), error.exit_code, "ERROR", as_json=as_json)
    if isinstance(error, errors.Error):
        return _mv2_error(error, as_json=as_json)
    if isinstance(error, OSError):
        name = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return _say(f"{name}{error.strerror or error}", _exit.ERROR, "OS", as_json=as_json)
    text = f"internal error: {type(error).__name__}: {error} (MV2_DEBUG=1 shows where)"
    return _say(text, _exit.ERROR, "INTERNAL", as_json=as_json)


def _usage(error: click.UsageError, *, as_json: bool) -> int:
    hint = f" (see {error.ctx.command_path} --help)" if error.ctx is not None else ""
    return _say(error.format_message() + hint, _exit.USAGE, "USAGE", as_json=as_json)


def _mv2_error(error: errors.Error, *, as_json: bool) -> int:
    code = _exit.code_for(error)
    if as_json:
        write_json({"error": describe(error)}, sys.stderr)
        return code
    _say(str(error), code, error.code, as_json=False)
    for line in _pointing(error):
        click.echo(line, err=True)
    return code


def _pointing(error: errors.Error) -> list[str]:
    """The text that an error is about, and a caret under the place in it."""
    if isinstance(error, errors.QueryError) and not isinstance(error, errors.CursorError):
        return caret(error.query, error.position)
    if isinstance(error, errors.DatePhraseError):
        return caret(error.text, error.position)
    return []


def describe(error: errors.Error) -> dict[str, object]:
    """An error as the fields of a JSON object; those that are unknown are absent."""
    fields: dict[str, object] = {
        "code": error.code,
        "type": type(error).__name__,
        "message": error.message,
        "path": error.path,
        "offset": error.offset,
        "remedy": error.remedy,
        "holders": getattr(error, "holders", None),
        "position": getattr(error, "position", None),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _say(text: str, code: int, name: str, *, as_json: bool) -> int:
    if as_json:
        write_json({"error": {"code": name, "message": text}}, sys.stderr)
    else:
        click.echo(f"mv2: {clean(one_line(text))}", err=True)
    return code
