"""The body of a mail as text and blocks: paragraphs, quoted replies, the signature, invitations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mv2._late import late_pattern
from mv2.extract.builder import TextBuilder
from mv2.extract.model import BlockKind

_CONTROLS: dict[int, str | None] = dict.fromkeys(
    (*range(9), 11, 12, *range(14, 32), *range(127, 160), 0xAD, 0x200B, 0x2060, 0xFEFF)
)
_CONTROLS[0xA0] = " "
_QUOTE = late_pattern(r"(>[ ]?)+")
_SIGNATURE = late_pattern(r"--[ ]?")
_ORIGINAL = late_pattern(r"(?:-{3,}|_{5,}) ?[\w ]{0,60} ?(?:-{3,}|_{5,})?")
_HEADER_LINE = late_pattern(r"\*?\w[\w -]{0,30}:\*? .{1,400}")
_UU_BEGIN = late_pattern(r"begin [0-7]{3,4} \S.{0,200}")
_UU_LINE = late_pattern(r"[ -`]{1,61}")
_CALENDAR = (
    ("SUMMARY", "Event"),
    ("DTSTART", "Start"),
    ("DTEND", "End"),
    ("LOCATION", "Place"),
    ("ORGANIZER", "Organizer"),
    ("STATUS", "Status"),
    ("DESCRIPTION", "Description"),
)
_CALENDAR_LINE = late_pattern(r"\s*([\w-]{1,40})((?:;(?:\"[^\"]*\"|[^\":])*+)?):(.*)")
_STAMP = late_pattern(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})?(Z)?)?")


def tidy_text(text: str) -> str:
    """Text without control characters, with plain spaces and no space at the ends of lines."""
    return "\n".join(line.rstrip() for line in text.translate(_CONTROLS).expandtabs(8).split("\n"))


def add_plain_body(builder: TextBuilder, text: str, *, flowed: bool = False, joined: bool = False) -> int:
    """Write a plain text body.

    Args:
        flowed: lines that end with a space go on in the next one (RFC 3676).
        joined: the space at the end of such lines is not part of the text (``delsp=yes``).

    Returns:
        How many files written into the text in the manner of ``uuencode`` were left out.
    """
    lines = text.translate(_CONTROLS).expandtabs(8).split("\n")
    kept, files = _without_uuencoded(lines)
    parted: Iterable[tuple[int, str]] = (_parted(line) for line in kept)
    if flowed:
        parted = _unfold(parted, joined=joined)
    _add_lines(builder, list(parted))
    return files


def _without_uuencoded(lines: list[str]) -> tuple[list[str], int]:
    """The lines without embedded files; a file runs from ``begin`` to ``end``."""
    kept = list[str]()
    files = index = 0
    while index < len(lines):
        line = lines[index]
        if line.startswith("begin ") and _UU_BEGIN.fullmatch(line.rstrip()) and index + 1 < len(lines):
            end = index + 1
            while end < len(lines) and lines[end] != "end" and _UU_LINE.fullmatch(lines[end]):
                end += 1
            if end > index + 1 and end < len(lines) and lines[end].rstrip() == "end":
                files += 1
                index = end + 1
                continue
        kept.append(line)
        index += 1
    return kept, files


def _parted(line: str) -> tuple[int, str]:
    """How often a line is quoted, and what it says."""
    match = _QUOTE.match(line)
    if match is None:
        return 0, line
    return match.group().count(">"), line[match.end() :]


def _unfold(lines: Iterable[tuple[int, str]], *, joined: bool) -> Iterator[tuple[int, str]]:
    held: list[str] = []
    depth = 0
    for level, raw in lines:
        line = raw.removeprefix(" ") if level == 0 else raw
        if held and (level != depth or line == "-- "):
            yield depth, "".join(held)
            held = []
        depth = level
        if line.endswith(" ") and line != "-- ":
            held.append(line[:-1] if joined else line)
            continue
        yield level, "".join([*held, line])
        held = []
    if held:
        yield depth, "".join(held)


def _add_lines(builder: TextBuilder, lines: list[tuple[int, str]]) -> None:
    """Write paragraphs; a change between own and quoted words starts a new one."""
    signature = _signature_start(lines)
    paragraph = list[str]()
    kind: BlockKind = "paragraph"
    forwarded = False
    for index, (level, line) in enumerate(lines):
        forwarded = forwarded or (level == 0 and _starts_original(lines, index))
        now: BlockKind = "quote" if level or forwarded else "paragraph"
        if index >= signature:
            now = "note"
        text = ">" * (level - 1) + (" " if level > 1 else "") + line.rstrip()
        if index == signature:
            text = ""
        if now != kind or not text.strip():
            builder.add(kind, "\n".join(paragraph))
            paragraph = []
        kind = now
        if text.strip():
            paragraph.append(text)
    builder.add(kind, "\n".join(paragraph))


def _signature_start(lines: list[tuple[int, str]]) -> int:
    """Index of the last line that parts the signature off, if what follows is short and not quoted."""
    for index in range(len(lines) - 1, max(len(lines) - 25, -1), -1):
        level, line = lines[index]
        if level:
            break
        if _SIGNATURE.fullmatch(line):
            return index
    return len(lines)


def _starts_original(lines: list[tuple[int, str]], index: int) -> bool:
    """Whether the mail that is answered or sent on starts here: a rule, then its headers."""
    line = lines[index][1].strip()
    if not line.startswith(("---", "_____")) or not _ORIGINAL.fullmatch(line):
        return False
    following = [text.strip() for _, text in lines[index + 1 : index + 6] if text.strip()]
    return len(following) >= 2 and all(_HEADER_LINE.fullmatch(text) for text in following[:2])


def calendar_text(text: str) -> str:
    """The events of an invitation: ``Event: …``, ``Start: …`` and so on, a blank line between events."""
    events = list[list[str]]()
    current: dict[str, str] | None = None
    for line in text.replace("\n ", "").replace("\n\t", "").split("\n")[:20_000]:
        match = _CALENDAR_LINE.match(line)
        if match is None:
            continue
        name, parameters, value = match.group(1).upper(), match.group(2), match.group(3)
        if name == "BEGIN" and value.strip().upper() in {"VEVENT", "VTODO"}:
            current = {}
        elif name == "END" and current is not None and value.strip().upper() in {"VEVENT", "VTODO"}:
            events.append([f"{shown}: {current[key]}" for key, shown in _CALENDAR if current.get(key)])
            current = None
        elif current is not None and name not in current:
            current[name] = _calendar_value(name, value, parameters)
    return tidy_text("\n\n".join("\n".join(event) for event in events[:500] if event))


def _calendar_value(name: str, value: str, parameters: str) -> str:
    if name.startswith("DT"):
        match = _STAMP.match(value.strip())
        if match:
            year, month, day, hour, minute, _, utc = match.groups()
            clock = f" {hour}:{minute}{' UTC' if utc else ''}" if hour else ""
            zone = parameters.partition("TZID=")[2].split(";")[0].strip('"')
            return f"{year}-{month}-{day}{clock}{f' {zone}' if zone and hour else ''}"
    if name == "ORGANIZER":
        known = parameters.partition("CN=")[2].split(";")[0].strip('"')
        return known or value.strip().removeprefix("mailto:").removeprefix("MAILTO:")
    for written, meant in (("\\n", "\n"), ("\\N", "\n"), ("\\,", ","), ("\\;", ";"), ("\\\\", "\\")):
        value = value.replace(written, meant)
    return value.strip()
