"""JSON that is read piece by piece: arrays item by item, line files line by line.

Memory is bounded by the largest item, not by the file: of an export of a gigabyte one
conversation at a time is held.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from mv2.errors import DocumentError, DocumentLimitError
from mv2.exchange.items import Skipped

#: Largest item of an array, or whole value, in characters.
MAX_CHARS: Final = 256 << 20
#: Largest line of a line file, in bytes.
MAX_LINE: Final = 64 << 20
_STEP: Final = 1 << 20
_SPACE: Final = " \t\n\r"
_decode = json.JSONDecoder().raw_decode


class _Window:
    """The part of a stream that is being looked at, as text."""

    def __init__(self, stream: BinaryIO, where: str) -> None:
        self.text = ""
        self.at = 0
        self.ended = False
        self._stream = stream
        self._where = where
        self._before = 0
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")

    def more(self) -> bool:
        """Read on, as much again as is held; False at the end.

        Doubling keeps the work for an item that is tried again and again within a small
        multiple of its size.
        """
        if self.ended:
            return False
        held = len(self.text) - self.at
        if held > MAX_CHARS:
            raise DocumentLimitError(
                f"{self._where} holds an item of more than {MAX_CHARS >> 20} million characters",
                path=self._where,
            )
        data = self._stream.read(max(_STEP, held))
        self.ended = not data
        self._before += self.at
        self.text = self.text[self.at :] + self._decoder.decode(data, final=self.ended)
        self.at = 0
        return True

    def next_char(self) -> str:
        """The next character that is no white space, not taken; empty at the end."""
        while True:
            text = self.text
            while self.at < len(text) and text[self.at] in _SPACE:
                self.at += 1
            if self.at < len(text):
                return text[self.at]
            if not self.more():
                return ""

    def value(self) -> Any:
        """The value that begins here, taken.

        Raises:
            DocumentError: it is not JSON, or is cut off.
        """
        while True:
            try:
                value, end = _decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if self.more():
                    continue
                raise self.damage(error.msg, error.pos) from error
            except (RecursionError, ValueError) as error:
                raise self.damage("it is nested too deep, or a number is too long", self.at) from error
            # A number at the end of the window may go on.
            if end < len(self.text) or not self.more():
                self.at = end
                return value

    def damage(self, reason: str, position: int | None = None) -> DocumentError:
        place = self._before + (self.at if position is None else position)
        return DocumentError(
            f"{self._where} is not whole JSON: {reason.removesuffix(' at')} at character {place}",
            path=self._where,
            remedy="The file may be cut off; what stands before that place was read.",
        )


def array_items(stream: BinaryIO, where: str) -> Iterator[Any]:
    """The items of a JSON array, one at a time. An object in place of the array is its only item.

    Raises:
        DocumentError: it is not JSON, from the place on where it stops being that.
        DocumentLimitError: one item is larger than 256 million characters.
    """
    window = _Window(stream, where)
    if window.next_char() != "[":
        yield window.value()
        return
    window.at += 1
    while window.next_char() != "]":
        yield window.value()
        mark = window.next_char()
        if mark == ",":
            window.at += 1
        elif mark != "]":
            raise window.damage("a comma or the end of the list is missing")
    return


def whole_value(stream: BinaryIO, where: str) -> Any:
    """The JSON value a stream holds.

    Raises:
        DocumentError: it is not JSON.
        DocumentLimitError: it is larger than 256 million characters.
    """
    window = _Window(stream, where)
    window.next_char()
    return window.value()


def json_lines(stream: BinaryIO, where: str) -> Iterator[tuple[int, Any]]:
    """(line number, value) of each line that is not empty; a ``Skipped`` stands for a broken one."""
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_LINE)
            yield (
                number,
                Skipped(where=f"{where}:{number}", reason=f"the line is longer than {MAX_LINE >> 20} MiB"),
            )
            continue
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except UnicodeDecodeError:
            yield number, Skipped(where=f"{where}:{number}", reason="the line is not UTF-8")
        except json.JSONDecodeError as error:
            reason = f"the line is not JSON: {error.msg.removesuffix(' at')} at character {error.pos}"
            yield number, Skipped(where=f"{where}:{number}", reason=reason)
        except (RecursionError, ValueError):
            yield number, Skipped(where=f"{where}:{number}", reason="nested too deep, or a number too long")
