"""Listed means searchable: the embedded index against the frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv2.errors import CorruptFileError
from mv2.index.lexical import LexicalReader, tokens
from mv2.storage.own_text import text_in_chunks
from mv2.types import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mv2.storage.view import View


def check_index(view: View) -> Iterator[Finding]:
    """Findings about the stored index: frames it lacks, holds twice or too many, or does not find.

    Nothing is said of an index that the original engine wrote: it is not used.
    """
    base = view.base
    if base.anchor.record is None or not base.frame_count:
        return
    files = base.lexical_files()
    if files is None:
        yield _error("lexical_unusable", "the full-text index is missing or damaged; searches rebuild it")
        return
    try:
        reader = LexicalReader.open(files, trusted=True)
    except CorruptFileError as error:
        yield _error("lexical_unusable", f"the full-text index cannot be opened: {error.message}")
        return
    try:
        yield from _compare(view, reader)
    finally:
        reader.close()


def _compare(view: View, reader: LexicalReader) -> Iterator[Finding]:
    active = set(view.base.active_ids())
    held = {frame_id for _, frame_id in reader.search(reader.queries.everything(), reader.num_docs)}
    if len(held) != reader.num_docs:
        yield _error("lexical_duplicates", "the full-text index holds frames twice")
    for frame_id in sorted(active - held)[:100]:
        yield _error("lexical_missing", f"frame {frame_id} is not in the full-text index", frame_id)
    for frame_id in sorted(held - active)[:100]:
        yield _error(
            "lexical_surplus", f"the full-text index holds frame {frame_id}, which is not active", frame_id
        )
    for frame_id in sorted(active & held):
        word = _long_word(view, frame_id)
        if word is not None and not reader.doc_freq("content", word):
            yield _error("lexical_words", f"the full-text index lacks words of frame {frame_id}", frame_id)


def _long_word(view: View, frame_id: int) -> str | None:
    """The longest word at the start of a frame's text, as the index has it."""
    record = view.base.record(frame_id)
    if text_in_chunks(record):
        return None
    try:
        text = view.text(frame_id)
    except CorruptFileError:
        return None  # told of already
    return max(tokens((text or "")[:400].rpartition(" ")[0]), key=len, default=None)


def _error(code: str, message: str, frame_id: int | None = None) -> Finding:
    return Finding(code=code, severity="error", message=message, frame_id=frame_id)
