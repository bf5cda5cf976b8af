"""``mv2 sessions`` and ``mv2 conversation``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mv2.cli import _exit
from mv2.cli._options import file_argument, frame_value, json_option, open_to_read
from mv2.cli._output import Output, clean, moment, plain, plural
from mv2.cli._select import past_options, within

if TYPE_CHECKING:
    import mv2


@click.command(epilog="\b\nExample:\n  mv2 sessions chats.mv2")
@file_argument
@past_options
@json_option
def sessions(file: str, as_json: bool, **options: Any) -> int:
    """List conversations, the latest last."""
    out = Output(json=as_json)
    past = within(options)
    with open_to_read(file, "none") as memory:
        found = memory.sessions(**past)
    if as_json:
        out.document({"path": file, "sessions": [plain(info) for info in found]})
        return _exit.OK
    for info in found:
        title = f"  {info.title}" if info.title else ""
        days = f"{moment(info.first_timestamp)} to {moment(info.last_timestamp)}"
        facts = f"{plural(info.message_count, 'turn')}, {days}"
        out.styled(f"{out.bold(clean(info.session))}{clean(title)}  {out.faint(facts)}")
    if not found:
        out.line("no conversations")
    return _exit.OK


@click.command(epilog="\b\nExample:\n  mv2 conversation chats.mv2 trip-planning --limit 20")
@file_argument
@click.argument("session")
@click.option("--limit", type=click.IntRange(min=1), help="Only the last so many turns.")
@click.option("--before", metavar="FRAME", help="Only turns before this one; pages backwards with --limit.")
@past_options
@json_option
def conversation(
    file: str, session: str, limit: int | None, before: str | None, as_json: bool, **options: Any
) -> int:
    """Print a conversation, oldest turn first.

    SESSION is its name, as sessions shows it. Search in one with
    find --filter 'track=SESSION' --context 2.
    """
    import mv2

    out = Output(json=as_json)
    past = within(options)
    with open_to_read(file, "none") as memory:
        first = None if before is None else memory.frame(frame_value(before), **past).id
        found = memory.conversation(session, limit=limit, before=first, **past)
    if not found.total:
        raise mv2.FrameNotFoundError(f"there is no conversation {session}", path=file)
    if as_json:
        out.document(plain(found))
        return _exit.OK
    if found.title:
        out.styled(out.bold(clean(found.title)))
    if len(found.messages) < found.total:
        last = "" if before else "the last "
        out.line(f"{last}{len(found.messages):,} of {plural(found.total, 'turn')}")
    for message in found.messages:
        _print(message, out)
    return _exit.OK


def _print(message: mv2.Message, out: Output) -> None:
    stamp = message.timestamp if isinstance(message.timestamp, int) else None
    facts = f"{moment(stamp, with_time=True)}  frame {message.frame_id}"
    out.styled(f"{out.bold(clean(message.name or message.role))}  {out.faint(facts)}")
    text = message.content if isinstance(message.content, str) else _text(message.content)
    for line in text.splitlines():
        out.line(f"    {line}")
    for call in message.tool_calls if isinstance(message.tool_calls, list) else ():
        out.line(f"    -> {_call(call)}")


def _text(parts: Any) -> str:
    """The text of a list of parts; what is no text is named."""
    shown = []
    for part in parts if isinstance(parts, list) else [parts]:
        text = part.get("text", f"[{part.get('type', 'part')}]") if isinstance(part, dict) else part
        shown.append(text if isinstance(text, str) else str(text))
    return "\n".join(shown)


def _call(call: Any) -> str:
    function = call.get("function", call) if isinstance(call, dict) else {}
    return f"{function.get('name', 'tool')}({function.get('arguments', function.get('input', ''))})"
