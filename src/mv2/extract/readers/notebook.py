"""Jupyter notebooks: their texts, code and what the code printed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mv2._late import late_pattern
from mv2.errors import DocumentError
from mv2.extract.builder import TextBuilder
from mv2.extract.guard import decode_text
from mv2.extract.model import Extraction, ReadOptions, Source, Table
from mv2.extract.readers._markdown_blocks import MarkdownBlocks

MAX_OUTPUT_CHARS = 10_000
"""Of what one cell printed, so much is kept."""

_ANSI = late_pattern(r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]?|\][^\x07\x1b]*+(?:\x07|\x1b\\)?|[@-Z\\^_])?")
_CONTROLS = late_pattern(r"[\x00-\x08\x0b-\x1f\x7f]")
_EMBEDDED = late_pattern(r"(data:[\w.+-]{1,50}/[\w.+-]{1,50});base64,[A-Za-z0-9+/=\s]{40,}+")
_NO_TEXT = late_pattern(r"\s*<[^<>\n]{1,300}>\s*")


def read(source: Source, options: ReadOptions) -> Extraction:
    """Read a notebook of format 3 or 4.

    Raises:
        DocumentError: it is no notebook, or damaged.
    """
    notebook = _parse(source.data)
    reader = _Notebook(options)
    for number, cell in enumerate(_cells(notebook), 1):
        reader.add_cell(cell, number)
    about = _mapping(notebook.get("metadata"))
    kernel = _mapping(about.get("kernelspec"))
    language = _mapping(about.get("language_info")).get("name") or kernel.get("language")
    metadata: dict[str, Any] = {"cells": reader.cells}
    if isinstance(language, str) and language:
        metadata["language"] = language[:100]
    if isinstance(kernel.get("display_name"), str):
        metadata["kernel"] = kernel["display_name"][:200]
    return Extraction(
        text=reader.builder.text,
        blocks=reader.builder.blocks,
        tables=tuple(reader.tables),
        title=_title(about, reader.first_heading),
        author=_authors(about),
        metadata=metadata,
        warnings=tuple(reader.warnings()),
    )


def _parse(data: bytes) -> Mapping[str, Any]:
    text, _ = decode_text(data)
    try:
        notebook = json.loads(text)
    except RecursionError as error:
        raise DocumentError("the notebook nests values too deeply") from error
    except ValueError as error:
        place = getattr(error, "pos", None)
        offset = None if place is None else len(text[:place].encode("utf-8", "replace"))
        raise DocumentError(f"the notebook is damaged: {error}", offset=offset) from error
    if not isinstance(notebook, dict) or not ("cells" in notebook or "worksheets" in notebook):
        raise DocumentError("the file is JSON, but no notebook: it has no cells")
    return notebook


def _cells(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All cells; format 3 keeps them in worksheets."""
    sheets = notebook.get("worksheets")
    lists = [notebook.get("cells")]
    if isinstance(sheets, list):
        lists.extend(_mapping(sheet).get("cells") for sheet in sheets)
    for cells in lists:
        for cell in cells if isinstance(cells, list) else ():
            yield _mapping(cell)


class _Notebook:
    """Text and blocks of the cells so far."""

    def __init__(self, options: ReadOptions) -> None:
        self._limits = options.limits
        self.builder = TextBuilder()
        self.tables: list[Table] = []
        self.cells = 0
        self.first_heading: str | None = None
        self._images = 0
        self._shortened = 0

    def add_cell(self, cell: Mapping[str, Any], number: int) -> None:
        self.cells = number
        kind = cell.get("cell_type")
        text = _clean(_joined(cell.get("source", cell.get("input"))))
        if kind == "markdown":
            self._add_markdown(text)
        elif kind == "heading":
            level = cell.get("level")
            self._add_heading(text, level if isinstance(level, int) and 1 <= level <= 6 else 1)
        elif kind == "code":
            self.builder.add("code", text, symbol=f"cell {number}")
            outputs = cell.get("outputs")
            for output in outputs if isinstance(outputs, list) else ():
                self._add_output(_mapping(output), number)
        else:
            self.builder.add("paragraph", text)

    def _add_heading(self, text: str, level: int) -> None:
        if self.first_heading is None:
            self.first_heading = " ".join(text.split())[:1000] or None
        self.builder.add("heading", text, level=level)

    def _add_markdown(self, text: str) -> None:
        text = _EMBEDDED.sub(r"\1", text)
        found = MarkdownBlocks(text, 0, self._limits)
        reached = 0
        for block in found.blocks:
            own = text[block.start : block.end]
            joint = "\n" if reached and text.count("\n", reached, block.start) == 1 else "\n\n"
            fields: dict[str, Any] = {"level": block.level, "joint": joint, "rows": block.rows}
            if block.table is not None:
                fields["table"] = len(self.tables) + block.table
            if block.header is not None:
                fields["header"] = block.header[1] - block.header[0]
            if block.kind == "heading" and self.first_heading is None:
                self.first_heading = _heading_text(own)
            self.builder.add(block.kind, own, **fields)
            reached = block.end
        self.tables.extend(found.tables)

    def _add_output(self, output: Mapping[str, Any], number: int) -> None:
        text = self._output_text(output)
        if len(text) > MAX_OUTPUT_CHARS:
            self._shortened += 1
            text = text[:MAX_OUTPUT_CHARS].rstrip() + "\n…"
        self.builder.add("code", text, symbol=f"cell {number}.output")

    def _output_text(self, output: Mapping[str, Any]) -> str:
        kind = output.get("output_type")
        if kind in {"error", "pyerr"}:
            trace = output.get("traceback")
            lines = [line for line in trace if isinstance(line, str)] if isinstance(trace, list) else []
            return _clean("\n".join(lines)) or _clean(
                f"{output.get('ename', '')}: {output.get('evalue', '')}"
            )
        if kind == "stream":
            return _clean(_joined(output.get("text")))
        data = _mapping(output.get("data")) if "data" in output else output
        shown = [key for key in data if key.startswith("image/") or key in {"png", "jpeg", "svg"}]
        self._images += bool(shown)
        plain = _clean(_joined(data.get("text/plain", data.get("text"))))
        # What stands for an object that is shown otherwise: <Figure size 640x480 with 1 Axes>.
        if plain and not ((shown or len(data) > 1) and _NO_TEXT.fullmatch(plain)):
            return plain
        return _clean(_joined(data.get("text/markdown", data.get("text/latex", data.get("latex")))))

    def warnings(self) -> Iterator[str]:
        if self._images:
            yield f"images among the outputs are left out ({self._images})"
        if self._shortened:
            yield f"outputs are shortened to {MAX_OUTPUT_CHARS:,} characters ({self._shortened})"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _joined(value: object) -> str:
    """Text that may be given as a list of lines."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return ""


def _clean(text: str) -> str:
    """Without colours, and as it stood on the screen at last: progress bars write over themselves."""
    text = _ANSI.sub("", text.replace("\r\n", "\n"))
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    text = _CONTROLS.sub("", text).replace("\u00a0", " ")
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text


def _heading_text(markdown: str) -> str | None:
    line = markdown.strip().partition("\n")[0].strip("# \t")
    return " ".join(line.replace("**", "").replace("`", "").split())[:1000] or None


def _title(about: Mapping[str, Any], heading: str | None) -> str | None:
    title = about.get("title")
    return " ".join(title.split())[:1000] if isinstance(title, str) and title.strip() else heading


def _authors(about: Mapping[str, Any]) -> str | None:
    authors = about.get("authors")
    names = [
        author if isinstance(author, str) else _mapping(author).get("name")
        for author in (authors if isinstance(authors, list) else [])
    ]
    return ", ".join(name for name in names if isinstance(name, str) and name)[:1000] or None
