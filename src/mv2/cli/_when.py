"""``mv2 when``: what a date phrase means."""

from __future__ import annotations

import datetime as dt
from typing import Final

import click

from mv2.cli import _exit
from mv2.cli._options import json_option, quiet_option
from mv2.cli._output import Output, plural

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@click.command(epilog="\b\nExample:\n  mv2 when 'two weeks ago' --tz Europe/Paris")
@click.argument("phrase", nargs=-1, required=True, metavar="PHRASE...")
@click.option("--tz", metavar="ZONE", help="Time zone, as Europe/Paris, UTC or +02:00; default the system's.")
@quiet_option
@json_option
def when(phrase: tuple[str, ...], tz: str | None, quiet: bool, as_json: bool) -> int:
    """Print the range of time that a date phrase means.

    This is what --on takes it for; --since and --until take its beginning. Dates in
    figures (2024-03-05) are UTC there, phrases are in the zone.
    """
    import mv2

    text = " ".join(phrase)
    found = mv2.date_range(text, "PHRASE", tz=tz)
    out = Output(json=as_json, quiet=quiet)
    if as_json:
        out.document(
            {
                "text": text,
                "start": found.start,
                "end": found.end,
                "grain": found.grain,
                "start_utc": None if found.start is None else _utc(found.start),
                "end_utc": None if found.end is None else _utc(found.end),
            }
        )
        return _exit.OK
    out.line(f"from    {_shown(found.start)}")
    out.line(f"before  {_shown(found.end)}")
    if not quiet and found.start is not None and found.end is not None:
        out.note(f"{_length(found.end - found.start)}, named to the {found.grain}")
    return _exit.OK


def _utc(seconds: int) -> str:
    try:
        return (_EPOCH + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return str(seconds)


def _shown(seconds: int | None) -> str:
    return "open" if seconds is None else f"{_utc(seconds)}  {seconds}"


def _length(seconds: int) -> str:
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % length == 0:
            return plural(seconds // length, unit)
    return plural(seconds, "second")
