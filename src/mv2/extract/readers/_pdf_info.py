"""What a PDF says about itself: properties, outline, attachments, links, form fields, remarks."""

from __future__ import annotations

import ctypes
import datetime as dt
from collections.abc import Callable
from typing import Any

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.errors import DocumentLimitError
from mv2.extract.guard import safe_member_name
from mv2.extract.model import Limits, Part
from mv2.extract.readers._office import readable

__all__ = [
    "Field",
    "Outline",
    "attachments_of",
    "link_targets",
    "outline_of",
    "read_marks",
    "seconds_of",
    "text_of",
]

_DATE = late_pattern(
    r"(?:D:)?\s*(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\s*(?:([Zz])|([+\-])(\d\d)(?:'?(\d\d))?)?.*", 16
)
_MOST_BOOKMARKS = 5_000
_DEEPEST = 32
_MOST_MARKS = 2_000
_LONGEST_TEXT = 1 << 20

Outline = list[tuple[int, str, int | None]]
"""(level from 1, title, page from 1) of each bookmark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A form field that was filled in, or a text laid onto the page.

    Attributes:
        name: of the field; empty for a text.
        value: what it holds.
        shown: what a person sees.
        box: (left, bottom, right, top) on the page.
    """

    name: str
    value: str | bool
    shown: str
    box: tuple[float, float, float, float]


def text_of(call: Callable[[Any, int], int]) -> str:
    """The UTF-16 text that a pdfium call writes into a buffer of a length it first tells."""
    size = call(None, 0)
    if not 2 < size <= _LONGEST_TEXT:
        return ""
    buffer = (ctypes.c_ushort * ((size + 1) // 2))()
    call(buffer, size)
    return bytes(buffer)[: size - 2].decode("utf-16-le", "replace").split("\0")[0]


def seconds_of(date: str) -> int | None:
    """UTC seconds of a PDF date such as ``D:20240229133000+02'00'``; one without a zone is taken as UTC."""
    found = _DATE.fullmatch(date.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, _, sign, hours, minutes = found.groups()
    try:
        day_and_hour = int(year), int(month or 1), int(day or 1), int(hour or 0)
        value = dt.datetime(*day_and_hour, int(minute or 0), min(int(second or 0), 59), tzinfo=dt.UTC)
        offset = int(hours or 0) * 3600 + int(minutes or 0) * 60
        return int(value.timestamp()) - (offset if sign == "+" else -offset if sign == "-" else 0)
    except (ValueError, OverflowError):
        return None


def outline_of(document: Any) -> tuple[Outline, bool]:
    """The bookmarks in their order, and whether some were left out because there are too many."""
    import pypdfium2.raw as pdfium

    found: Outline = []
    seen: set[int] = set()
    levels = [pdfium.FPDFBookmark_GetFirstChild(document, None)]
    while levels:
        bookmark = levels[-1]
        address = ctypes.addressof(bookmark.contents) if bookmark else 0
        if not address or address in seen:
            levels.pop()
            continue
        if len(found) >= _MOST_BOOKMARKS:
            return found, True
        seen.add(address)
        title = " ".join(readable(_title(pdfium, bookmark)).split())
        goal = pdfium.FPDFBookmark_GetDest(document, bookmark)
        if not goal and (action := pdfium.FPDFBookmark_GetAction(bookmark)):
            goal = pdfium.FPDFAction_GetDest(document, action)
        page = pdfium.FPDFDest_GetDestPageIndex(document, goal) if goal else -1
        if title:
            found.append((len(levels), title[:500], page + 1 if page >= 0 else None))
        levels[-1] = pdfium.FPDFBookmark_GetNextSibling(document, bookmark)
        if len(levels) < _DEEPEST:
            levels.append(pdfium.FPDFBookmark_GetFirstChild(document, bookmark))
    return found, False


def _title(pdfium: Any, bookmark: Any) -> str:
    return text_of(lambda buffer, size: pdfium.FPDFBookmark_GetTitle(bookmark, buffer, size))


def attachments_of(document: Any, limits: Limits) -> tuple[list[Part], list[str]]:
    """Files inside of the document, and warnings about those that cannot be read."""
    import pypdfium2.raw as pdfium

    parts: list[Part] = []
    warnings: list[str] = []
    left = limits.expanded_bytes
    count = pdfium.FPDFDoc_GetAttachmentCount(document)
    if count > limits.members:
        raise DocumentLimitError(f"has more than {limits.members:,} attachments (limit members)")
    for at in range(count):
        attachment = pdfium.FPDFDoc_GetAttachment(document, at)
        name = safe_member_name(_attached_text(pdfium.FPDFAttachment_GetName, attachment))
        size = ctypes.c_ulong()
        if not pdfium.FPDFAttachment_GetFile(attachment, None, 0, size):
            warnings.append(f"the attachment {name} cannot be read")
            continue
        left -= size.value
        if left < 0:
            raise DocumentLimitError(
                f"its attachments take more than {limits.expanded_bytes:,} bytes (limit expanded_bytes)"
            )
        buffer = ctypes.create_string_buffer(max(1, size.value))
        pdfium.FPDFAttachment_GetFile(attachment, buffer, size.value, size)
        described = _attached_text(pdfium.FPDFAttachment_GetDescription, attachment)
        parts.append(
            Part(
                name=name,
                data=buffer.raw[: size.value],
                mime=_attached_text(pdfium.FPDFAttachment_GetSubtype, attachment) or None,
                modified=seconds_of(_attached_value(pdfium, attachment, b"ModDate")),
                metadata={"description": described} if described else {},
            )
        )
    return parts, warnings


def _attached_text(call: Any, attachment: Any) -> str:
    return readable(text_of(lambda buffer, size: call(attachment, buffer, size))).strip()


def _attached_value(pdfium: Any, attachment: Any, key: bytes) -> str:
    return text_of(
        lambda buffer, size: pdfium.FPDFAttachment_GetStringValue(attachment, key + b"\0", buffer, size)
    )


def link_targets(document: Any, page: Any) -> list[str]:
    """Addresses outside of the document that the page links to."""
    import pypdfium2.raw as pdfium

    targets: list[str] = []
    position = ctypes.c_int(0)
    link = pdfium.FPDF_LINK()
    for _ in range(_MOST_MARKS):
        if not pdfium.FPDFLink_Enumerate(page, position, link):
            break
        action = pdfium.FPDFLink_GetAction(link)
        if not action or pdfium.FPDFAction_GetType(action) != pdfium.PDFACTION_URI:
            continue
        size = pdfium.FPDFAction_GetURIPath(document, action, None, 0)
        if 1 < size <= 4_000:
            buffer = ctypes.create_string_buffer(size)
            pdfium.FPDFAction_GetURIPath(document, action, buffer, size)
            targets.append(buffer.value.decode("utf-8", "replace"))
    return targets


def read_marks(page: Any, form: Any) -> tuple[list[Field], list[str]]:
    """Filled fields and texts laid onto a page, and the remarks of reviewers.

    Args:
        form: the form environment of the document; None when it has no form.
    """
    import pypdfium2.raw as pdfium

    fields: list[Field] = []
    remarks: list[str] = []
    for at in range(min(_MOST_MARKS, max(0, pdfium.FPDFPage_GetAnnotCount(page)))):
        mark = pdfium.FPDFPage_GetAnnot(page, at)
        if not mark:
            continue
        try:
            kind = pdfium.FPDFAnnot_GetSubtype(mark)
            hidden = pdfium.FPDFAnnot_GetFlags(mark) & (
                pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
            )
            if hidden:
                continue
            if kind == pdfium.FPDF_ANNOT_WIDGET and form is not None:
                fields += _field(pdfium, form, mark)
            elif kind == pdfium.FPDF_ANNOT_FREETEXT:
                text = _contents(pdfium, mark)
                fields += [Field(name="", value=text, shown=text, box=_box(pdfium, mark))] if text else []
            elif kind in {pdfium.FPDF_ANNOT_TEXT, pdfium.FPDF_ANNOT_HIGHLIGHT, pdfium.FPDF_ANNOT_UNDERLINE,
                          pdfium.FPDF_ANNOT_STRIKEOUT, pdfium.FPDF_ANNOT_SQUIGGLY}:  # fmt: skip
                remarks += [text] if (text := _contents(pdfium, mark)) else []
        finally:
            pdfium.FPDFPage_CloseAnnot(mark)
    return fields, remarks


def _contents(pdfium: Any, mark: Any) -> str:
    return text_of(
        lambda buffer, size: pdfium.FPDFAnnot_GetStringValue(mark, b"Contents\0", buffer, size)
    ).strip()


def _box(pdfium: Any, mark: Any) -> tuple[float, float, float, float]:
    rect = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(mark, rect)
    return (
        min(rect.left, rect.right),
        min(rect.bottom, rect.top),
        max(rect.left, rect.right),
        max(rect.bottom, rect.top),
    )


def _field(pdfium: Any, form: Any, mark: Any) -> list[Field]:
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, mark)
    name = text_of(lambda buffer, size: pdfium.FPDFAnnot_GetFormFieldName(form, mark, buffer, size))
    box = _box(pdfium, mark)
    if kind in {pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON}:
        checked = bool(pdfium.FPDFAnnot_IsChecked(form, mark))
        return [Field(name=name, value=checked, shown="☒" if checked else "☐", box=box)]
    if kind not in {
        pdfium.FPDF_FORMFIELD_TEXTFIELD,
        pdfium.FPDF_FORMFIELD_COMBOBOX,
        pdfium.FPDF_FORMFIELD_LISTBOX,
    }:
        return []
    value = text_of(lambda buffer, size: pdfium.FPDFAnnot_GetFormFieldValue(form, mark, buffer, size)).strip()
    secret = pdfium.FPDFAnnot_GetFormFieldFlags(form, mark) & (1 << 13)
    return [Field(name=name, value=value, shown=value, box=box)] if value and not secret else []
