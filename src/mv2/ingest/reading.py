"""From what a reader found in a file to the documents that are stored."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mv2.extract.chunking import chunk, looks_structured
from mv2.extract.model import Extraction, ReadOptions, Source
from mv2.ingest.documents import FoundMetadata
from mv2.ingest.inside import PARTS
from mv2.ingest.tables import table_documents
from mv2.types import Chunking, Document, Origin, Timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mv2.extract.wire import Outcome

#: What these say of their own time is when it happened: a mail was sent, a picture taken.
_DATED_READERS: Final = frozenset({"feed", "image", "mail"})
#: Tags that a note has in its text are its tags.
_TAGGED_READERS: Final = frozenset({"markdown"})
_MARKDOWN: Final = "text/markdown"


def found_mime(outcome: Outcome) -> str | None:
    """The media type of what was read."""
    return None if outcome.filetype is None else outcome.filetype.mime


def origin_of_bytes(data: bytes, outcome: Outcome, given: Origin | None = None) -> Origin:
    """Where a document came from, its bytes measured."""
    return replace(
        given or Origin(),
        reader=outcome.reader,
        mime=found_mime(outcome),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
    )


def documents_of(
    data: bytes,
    outcome: Outcome,
    base: Document,
    options: ReadOptions,
    source: str,
    otherwise: Timestamp | None = None,
) -> list[Document]:
    """The document that stands for a file, and behind it those of its tables where they are wanted.

    Args:
        base: fields that were given; they go before what the file says. Its origin, where it
            has one, is completed.
        source: its uri, or what stands for one (``inside.source_of``).
        otherwise: its timestamp, where neither was given one nor the file says one.
    """
    found = outcome.extraction
    assert found is not None
    is_content = options.keep == "text" or (found.exact and found.text.encode(errors="replace") == data)
    main = replace(
        base,
        content=found.text if is_content else data,
        text=None if is_content else found.text,
        chunks=outcome.chunks or (),
        title=base.title or found.title,
        tags=_tags(found, outcome.reader, base, options),
        metadata=FoundMetadata(_facts(found), base.metadata),
        mime=base.mime or found_mime(outcome),
        timestamp=_timestamp(found, outcome.reader, base, otherwise),
        content_dates=_dates(found, base, options),
        origin=origin_of_bytes(data, outcome, base.origin),
    )
    return [main, *(table_documents(found.tables, main, source) if options.tables else ())]


def listing(document: Document, uris: Sequence[str | None]) -> Document:
    """A document whose metadata lists what is inside of it."""
    metadata = FoundMetadata({}, document.metadata)
    metadata[PARTS] = list(uris)
    metadata.found.add(PARTS)
    return replace(document, metadata=metadata)


def with_chunks(document: Document, chunking: Chunking | None) -> Document:
    """A document of given text, cut as wanted.

    Text with tables or fenced code, and Markdown, are cut at their structure; other text where the
    original engine would cut it.
    """
    text = document.content if document.text is None else document.text
    if document.chunks is not None or not isinstance(text, str):
        return document
    wanted = chunking or Chunking()
    is_markdown = document.mime == _MARKDOWN
    if wanted.rule in ("plain", "none") or not (is_markdown or looks_structured(text)):
        return document if chunking is None else replace(document, chunks=_cut(Extraction(text=text), wanted))
    if chunking is None and len(text) < 2 * wanted.size:
        return document
    from mv2.extract.readers.markdown import read

    found = read(Source(data=text.encode(errors="replace"), mime=_MARKDOWN), ReadOptions())
    same = found if found.text == text else Extraction(text=text)
    return replace(document, chunks=_cut(same, wanted))


def _cut(found: Extraction, chunking: Chunking) -> Sequence[Any]:
    return chunk(found, chunking) or ()


def _facts(found: Extraction) -> Mapping[str, Any]:
    """What a file says about itself, as metadata."""
    facts: dict[str, Any] = {
        "author": found.author,
        "language": found.language,
        "subject": found.subject,
        "keywords": list(found.keywords),
        "created": _iso(found.created),
        "modified": _iso(found.modified),
        "pages": found.pages,
        **found.metadata,
    }
    return {key: value for key, value in facts.items() if value not in (None, "", [], {})}


def _iso(seconds: int | None) -> str | None:
    """A time as ISO text (UTC); None when it is none of Python's calendar."""
    if seconds is None:
        return None
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None


def _timestamp(
    found: Extraction, reader: str | None, base: Document, otherwise: Timestamp | None
) -> Timestamp | None:
    own = found.created if reader in _DATED_READERS else None
    return next((time for time in (base.timestamp, own, otherwise) if time is not None), None)


def _tags(found: Extraction, reader: str | None, base: Document, options: ReadOptions) -> list[str]:
    tags = list(base.tags)
    if reader in _TAGGED_READERS:
        tags += found.keywords
    if options.auto_tag:
        from mv2.extract.terms import telling_words

        tags += telling_words(found.text)
    return list(dict.fromkeys(tags))[:1024]


def _dates(found: Extraction, base: Document, options: ReadOptions) -> Sequence[str]:
    if base.content_dates or not options.extract_dates:
        return base.content_dates
    from mv2.extract.terms import dates_in

    return dates_in(found.text)
