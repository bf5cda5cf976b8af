"""Reads subtitles (SRT, WebVTT, SBV, ASS): what is said, and when."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.errors import DocumentError, DocumentLimitError
from mv2.extract.guard import decode_text
from mv2.extract.model import Block, Extraction, ReadOptions, Source

__all__ = ["read"]

_CLOCK = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMING = late_pattern(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}")
_SBV_TIMING = late_pattern(rf"\s*{_CLOCK}\s*,\s*{_CLOCK}\s*")
_ASS_LINE = late_pattern(r"Dialogue:\s*(.*)", re.IGNORECASE)
_VOICE = late_pattern(r"<v(?:\.[^\s>]{0,80})?[ \t]+([^<>\n]{1,200})>", re.IGNORECASE)
_TAG = late_pattern(r"</?[a-zA-Z][^<>\n]{0,200}>|<\d[\d:.]{0,20}>|\{[\\*][^{}\n]{0,200}\}|</>")
_ASS_TAG = late_pattern(r"\{[^{}]{0,2000}\}")
_SPACES = late_pattern(r"\s+")
_SENTENCE_END = late_pattern(r"[.!?…。！？♪][\"'”’»)\]]*\Z")
_SPEAKER = late_pattern(r"(?:-\s|>>\s?|[A-Z][\w .'-]{0,40}:\s)")
_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160), 0xFEFF, 0x200B, 0x200E, 0x200F))
_LONGEST_PAUSE = 3.0
_LONGEST_RECORD = 600
_LONGEST_TURN = 30.0


@dataclass(slots=True)
class _Cue:
    start: float
    end: float
    lines: list[str]


def read(source: Source, options: ReadOptions) -> Extraction:
    """Read subtitles. Each record is a sentence or a turn of a speaker, with its seconds.

    Raises:
        DocumentError: there are no cues in it.
        DocumentLimitError: more text than the limits allow.
    """
    text, _ = decode_text(source.data)
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > options.limits.text_chars:
        raise DocumentLimitError(
            f"the subtitles have more than {options.limits.text_chars:,} characters (limit text_chars)"
        )
    if re.match(r"\s*\[Script Info\]", text, re.IGNORECASE) or "\n[Events]" in text[:20_000]:
        cues = sorted(_ass_cues(text), key=lambda cue: cue.start)
    else:
        cues = list(_timed_cues(text))
    if not cues:
        raise DocumentError("no subtitles: there are no lines with times in it")
    records = list(_records(_without_repeats(cues)))
    shown, blocks = list[str](), list[Block]()
    place = 0
    for said, seconds in records:
        shown.append(said)
        blocks.append(Block(kind="record", start=place, end=place + len(said), seconds=seconds))
        place += len(said) + 1
    return Extraction(
        text="\n".join(shown),
        blocks=tuple(blocks),
        title=_vtt_title(text),
        language=_vtt_language(text),
        metadata={"cues": len(cues), "duration_seconds": round(max(cue.end for cue in cues), 3)},
    )


def _timed_cues(text: str) -> Iterator[_Cue]:
    """Cues of SRT, WebVTT and SBV: a line with times, then what is said up to a blank line."""
    cue: _Cue | None = None
    before = ""
    for line in text.split("\n"):
        timing = (_TIMING.match(line) or _SBV_TIMING.fullmatch(line)) if ":" in line else None
        if timing is not None:
            if cue is not None:
                # The number of the next cue, where the blank line before it is missing.
                if cue.lines and before.isdigit() and cue.lines[-1] == before and len(cue.lines) > 1:
                    cue.lines.pop()
                yield cue
            cue = _Cue(_seconds(timing.groups()[:4]), _seconds(timing.groups()[4:]), [])
        elif cue is not None and line.strip():
            cue.lines.append(line.strip())
        elif cue is not None and not line:
            yield cue
            cue = None
        before = line.strip()
    if cue is not None:
        yield cue


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000


def _ass_cues(text: str) -> Iterator[_Cue]:
    """Cues of SubStation Alpha, whose columns the ``Format`` line names."""
    columns = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
    in_events = False
    for line in text.split("\n"):
        if line.startswith("["):
            in_events = line.strip().lower() == "[events]"
        elif in_events and line.lower().startswith("format:"):
            columns = [name.strip().lower() for name in line[7:].split(",")][:50]
        elif in_events and (match := _ASS_LINE.match(line)):
            fields = dict(zip(columns, match.group(1).split(",", max(len(columns) - 1, 0)), strict=False))
            start, end = _ass_seconds(fields.get("start", "")), _ass_seconds(fields.get("end", ""))
            if start is None or end is None:
                continue
            said = _ASS_TAG.sub("", fields.get("text", "")).replace("\\N", "\n").replace("\\n", "\n")
            said = said.replace("\\h", " ")
            name = fields.get("name", "").strip()
            yield _Cue(start, end, [f"{name}: {said}" if name else said])


def _ass_seconds(text: str) -> float | None:
    parts = text.strip().split(":")
    try:
        return sum(float(part) * float(60**power) for power, part in enumerate(reversed(parts[-3:])))
    except ValueError:
        return None


def _without_repeats(cues: list[_Cue]) -> Iterator[tuple[_Cue, str]]:
    """What each cue says that those before it did not: rolling captions show every line twice or more."""
    previous = list[str]()
    until = -1.0
    for cue in cues:
        lines = [line for line in map(_clean, "\n".join(cue.lines).split("\n")) if line]
        repeated = 0
        if cue.start <= until + 0.5:
            for count in range(min(len(previous), len(lines)), 0, -1):
                if previous[-count:] == lines[:count]:
                    repeated = count
                    break
        # A line that is shown longer rolls on; the same words said again after a pause are new.
        new = lines[repeated:]
        previous = lines or previous
        until = cue.end
        if new:
            yield cue, "".join(_joined(new))


def _joined(lines: list[str]) -> Iterator[str]:
    """Lines of one speaker go on; a dash lets another one speak."""
    for index, line in enumerate(lines):
        if index:
            yield "\n" if _SPEAKER.match(line) else " "
        yield line


def _clean(line: str) -> str:
    voice = _VOICE.search(line)
    said = html.unescape(_TAG.sub("", _VOICE.sub("", line))).translate(_CONTROLS)
    said = _SPACES.sub(" ", said.replace("\u00a0", " ")).strip()
    return f"{voice.group(1).strip()}: {said}" if voice and said else said


def _records(said: Iterator[tuple[_Cue, str]]) -> Iterator[tuple[str, tuple[float, float]]]:
    """Cues joined until a sentence ends, somebody else speaks, or there is a pause."""
    parts = list[str]()
    start = end = 0.0
    length = 0
    for cue, text in said:
        if parts and (
            cue.start - end > _LONGEST_PAUSE
            or length + len(text) > _LONGEST_RECORD
            or cue.end - start > _LONGEST_TURN
            or _SPEAKER.match(text)
            or _SENTENCE_END.search(parts[-1][-20:])
        ):
            yield " ".join(parts), (start, end)
            parts, length = [], 0
        if not parts:
            start = cue.start
        parts.append(text)
        length += len(text) + 1
        end = max(cue.end, start)
    if parts:
        yield " ".join(parts), (start, end)


def _vtt_title(text: str) -> str | None:
    if not text.startswith("WEBVTT"):
        return None
    first = text[6 : text.find("\n") if "\n" in text else len(text)].strip(" \t-–")
    return first[:500] or None


def _vtt_language(text: str) -> str | None:
    if not text.startswith("WEBVTT"):
        return None
    match = re.search(
        r"^Language:[ \t]*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3})[ \t]*$", text[:2_000], re.MULTILINE
    )
    return match.group(1) if match else None
