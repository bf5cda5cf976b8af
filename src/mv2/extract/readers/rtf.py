"""Rich Text Format."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mv2.errors import DocumentError, DocumentLimitError
from mv2.extract.model import Extraction, ReadOptions, Source
from mv2.extract.readers._office import button_text, language_of, number_text, words_of
from mv2.extract.readers._office_lines import Lines
from mv2.extract.readers._rtf_flow import Flow
from mv2.extract.readers._rtf_story import CellShape, Paragraph
from mv2.extract.readers._rtf_tokens import page_encoding
from mv2.extract.readers._rtf_words import FEET, HEADS

_LINK = re.compile(r'\s*HYPERLINK\s+(?:"([^"]*)"|([^\s\\]+))', re.IGNORECASE)


def read(source: Source, options: ReadOptions) -> Extraction:
    """Text, structure and facts of an RTF document. Pages are known only where breaks are set by hand.

    Raises:
        DocumentError: it does not begin as RTF does.
        DocumentLimitError: it takes more than ``options.limits`` allow.
    """
    text = source.data.decode("latin-1")
    start = text[:64].find("{\\rtf")
    if start < 0:
        raise DocumentError("the file is no RTF: it does not begin with {\\rtf")
    return _Rtf(options).read(text[start:])


class _Rtf(Flow):
    """What the words of a document mean."""

    def read(self, text: str) -> Extraction:
        self.follow(text)
        return self._result()

    def _obey(self, word: str, number: int | None) -> None:
        if word in _WORDS:
            _WORDS[word](self, number)
        elif word in HEADS or word in FEET:
            self._running(word)

    def _result(self) -> Extraction:
        draft, info = self._draft, self._info.texts
        pages = self._stories[0].pages
        draft.at_page(None)
        for lines in self._feet.values():
            draft.add("paragraph", lines.text)
            lines.release(draft)
        named = {name: info.get(key) for name, key in _NAMED_FACTS.items()}
        metadata: dict[str, Any] = {name: value for name, value in named.items() if value}
        if self._changes:
            metadata["tracked_changes"] = self._changes
        return draft.extraction(
            title=info.get("title"),
            author=info.get("author"),
            subject=info.get("subject"),
            keywords=words_of(info.get("keywords")),
            created=self._info.time("creatim"),
            modified=self._info.time("revtim"),
            language=self._usual_language(),
            pages=pages,
            metadata=metadata,
        )

    def _usual_language(self) -> str | None:
        from locale import windows_locale

        known = [number for number, _ in self._languages.most_common() if number in windows_locale]
        usual = known[0] if known else self._language
        return language_of(windows_locale.get(usual))

    # Places beside the text

    def _label(self, _: int | None) -> None:
        story = self._story

        def done(text: str) -> None:
            story.label = text

        self._keep(done)

    def _footnote(self, _: int | None) -> None:
        if not self._options.notes or len(self._stories) > 1 or self._is_dropped(self._group.change):
            self._group.target = "skip"
            return
        # Which of both it is, is said behind this word.
        self._notes["footnote"] += 1
        label = f"[{self._notes['footnote']}]"
        story = self._story
        story.add(label)
        at = story.length - 1

        def done(lines: Lines) -> None:
            shown = label
            if lines.is_endnote:
                self._notes["footnote"] -= 1
                self._notes["endnote"] += 1
                shown = f"[{number_text(self._notes['endnote'], 'lowerRoman')}]"
                story.replace(at, shown)
            story.later.append(lambda sink: sink.add("note", f"{shown} {lines.text}"))
            story.later.append(lines.release)

        self._tell(done)

    def _endnote(self, _: int | None) -> None:
        if isinstance(self._story.sink, Lines):
            self._story.sink.is_endnote = True

    def _annotation(self, _: int | None) -> None:
        if not self._options.comments or len(self._stories) > 1:
            self._group.target = "skip"
            return
        story, author = self._story, self._author.strip()
        said = f"Comment by {author}" if author else "Comment"

        def done(lines: Lines) -> None:
            if lines.text:
                story.later.append(lambda sink: sink.add("note", f"{said}: {lines.text}"))

        self._tell(done)

    def _comment_author(self, _: int | None) -> None:
        def done(text: str) -> None:
            self._author = text

        self._keep(done)

    def _box(self, _: int | None) -> None:
        if len(self._stories) > 20:
            raise DocumentLimitError("has text boxes nested deeper than 20")
        story = self._story

        def done(lines: Lines) -> None:
            if lines.text:
                story.later.append(lambda sink: sink.add("paragraph", lines.text))
            story.later.append(lines.release)

        self._tell(done)

    def _running(self, word: str) -> None:
        if not self._options.headers_footers or len(self._stories) > 1:
            self._group.target = "skip"
            return

        def done(lines: Lines) -> None:
            if word in FEET:
                self._feet.setdefault(lines.text, lines)
            elif lines.text not in self._heads:
                self._heads.add(lines.text)
                self._draft.add("paragraph", lines.text)
                lines.release(self._draft)

        self._tell(done)

    def _field(self, _: int | None) -> None:
        story, start = self._story, self._story.length
        instruction: list[str] = []
        self._instruction = instruction

        def ends() -> None:
            stated = "".join(instruction)[:4_000]
            if story.length == start:
                self._deliver(button_text(stated))
            found = _LINK.match(stated)
            if found and "\\l" not in found.group(0):
                self._draft.link(story.text(start), found.group(1) or found.group(2) or "")

        self._group.ends = ends

    def _field_instruction(self, _: int | None) -> None:
        self._keep(self._instruction.append)

    def _two_forms(self, _: int | None) -> None:
        """Text twice, in the encoding of the document and in Unicode: only the second is wanted."""
        self._before_forms = self._group.target
        self._group.target = "other form"

    def _unicode_form(self, _: int | None) -> None:
        if self._group.target == "other form":
            self._group.target = self._before_forms

    # Properties

    def _plain(self, _: int | None) -> None:
        group = self._group
        group.hidden, group.change, group.shift, group.font = False, "", 0, self._fonts.default

    def _revised(self, change: str, number: int | None) -> None:
        if number == 0:
            self._group.change = "" if self._group.change == change else self._group.change
        else:
            self._changes += self._group.change != change
            self._group.change = change

    # Tables

    def _begin_row(self, _: int | None) -> None:
        self._row, self._cell, self._header_row = [], CellShape(0), False

    def _cell_edge(self, number: int | None) -> None:
        self._cell.edge = number or 0
        if len(self._row) < 1_000:
            self._row.append(self._cell)
        self._cell = CellShape(0)

    def _end_paragraph(self, _: int | None) -> None:
        if self._group.target == "text" and not self._is_dropped(self._group.change):
            self._story.end_paragraph(self._group.form)

    def _end_cell(self, _: int | None) -> None:
        if self._group.target == "text":
            self._story.end_cell(self._group.form, 1)

    def _end_nested_cell(self, _: int | None) -> None:
        if self._group.target == "text":
            self._story.end_cell(self._group.form, max(2, self._group.form.in_table))

    def _end_row(self, _: int | None) -> None:
        if self._group.target == "text":
            self._story.end_row(self._row, 1, header=self._header_row)

    def _end_nested_row(self, _: int | None) -> None:
        if self._group.target == "text":
            self._story.end_row(self._row, max(2, self._group.form.in_table), header=False)

    def _down(self, first: bool) -> None:
        self._cell.down = "first" if first else "more"

    def _across(self, first: bool) -> None:
        self._cell.across = "first" if first else "more"

    def _set_encoding(self, number: int | None) -> None:
        self._encoding = page_encoding(number) or self._encoding

    def _begin_target(self, target: str) -> None:
        self._group.target = target


_NAMED_FACTS = {
    "description": "doccomm",
    "last_author": "operator",
    "company": "company",
    "category": "category",
}
Handler = Callable[[_Rtf, int | None], None]


def _group_setter(**values: Any) -> Handler:
    def apply(rtf: _Rtf, _: int | None) -> None:
        for name, value in values.items():
            setattr(rtf._group, name, value)

    return apply


def _switch(name: str, on: Any, off: Any) -> Handler:
    def apply(rtf: _Rtf, number: int | None) -> None:
        setattr(rtf._group, name, off if number == 0 else on)

    return apply


def _number_setter(name: str) -> Handler:
    def apply(rtf: _Rtf, number: int | None) -> None:
        rtf._set_form(**{name: number or 0})

    return apply


def _outline(rtf: _Rtf, number: int | None) -> None:
    level = 9 if number is None else number
    rtf._set_form(outline=min(level + 1, 6) if 0 <= level < 9 else 0)


def _header(rtf: _Rtf, _: int | None) -> None:
    rtf._header_row = True


def _default_language(rtf: _Rtf, number: int | None) -> None:
    rtf._language = number or 0


_WORDS: dict[str, Handler] = {
    "par": _Rtf._end_paragraph,
    "sect": _Rtf._end_paragraph,
    "page": lambda rtf, _: rtf._story.turn_page(),
    "cell": _Rtf._end_cell,
    "row": _Rtf._end_row,
    "nestcell": _Rtf._end_nested_cell,
    "nestrow": _Rtf._end_nested_row,
    "trowd": _Rtf._begin_row,
    "cellx": _Rtf._cell_edge,
    "trhdr": _header,
    "clvmgf": lambda rtf, _: rtf._down(True),
    "clvmrg": lambda rtf, _: rtf._down(False),
    "clmgf": lambda rtf, _: rtf._across(True),
    "clmrg": lambda rtf, _: rtf._across(False),
    "pard": lambda rtf, _: setattr(rtf._group, "form", Paragraph()),
    "intbl": lambda rtf, _: rtf._set_form(in_table=max(1, rtf._group.form.in_table)),
    "itap": lambda rtf, number: rtf._set_form(in_table=max(0, min(number or 0, 25))),
    "s": _number_setter("style"),
    "ilvl": _number_setter("list_level"),
    "ls": _number_setter("list_id"),
    "li": _number_setter("left"),
    "fi": _number_setter("first"),
    "pagebb": lambda rtf, number: rtf._set_form(breaks_page=number != 0),
    "outlinelevel": _outline,
    "plain": _Rtf._plain,
    "v": _switch("hidden", True, False),
    "super": _switch("shift", 1, 0),
    "sub": _switch("shift", -1, 0),
    "nosupersub": _group_setter(shift=0),
    "revised": lambda rtf, number: rtf._revised("inserted", number),
    "deleted": lambda rtf, number: rtf._revised("deleted", number),
    "f": lambda rtf, number: setattr(rtf._group, "font", number),
    "lang": lambda rtf, number: setattr(rtf._group, "language", number or 0),
    "uc": lambda rtf, number: setattr(rtf._group, "fallback", max(0, min(number or 0, 16))),
    "deff": lambda rtf, number: setattr(rtf._fonts, "default", number),
    "deflang": _default_language,
    "ansicpg": _Rtf._set_encoding,
    "mac": lambda rtf, _: rtf._set_encoding(10000),
    "pc": lambda rtf, _: rtf._set_encoding(437),
    "pca": lambda rtf, _: rtf._set_encoding(850),
    "fonttbl": lambda rtf, _: rtf._begin_target("fonts"),
    "stylesheet": lambda rtf, _: rtf._begin_target("styles"),
    "info": lambda rtf, _: rtf._begin_target("info"),
    "listtext": _Rtf._label,
    "pntext": _Rtf._label,
    "footnote": _Rtf._footnote,
    "ftnalt": _Rtf._endnote,
    "annotation": _Rtf._annotation,
    "atnauthor": _Rtf._comment_author,
    "shptxt": _Rtf._box,
    "dptxbxtext": _Rtf._box,
    "field": _Rtf._field,
    "fldinst": _Rtf._field_instruction,
    "upr": _Rtf._two_forms,
    "ud": _Rtf._unicode_form,
    "mden": lambda rtf, _: rtf._deliver("/"),
    "msup": lambda rtf, _: rtf._deliver("^"),
    "msub": lambda rtf, _: rtf._deliver("_"),
}
