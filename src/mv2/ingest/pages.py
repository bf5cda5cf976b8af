"""Web pages and feeds into a memory."""

from __future__ import annotations

import mimetypes
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from mv2.errors import DocumentError
from mv2.extract.detect import detect
from mv2.extract.model import Limits
from mv2.ingest.files import FileIngest
from mv2.ingest.known import KnownFile, KnownFiles
from mv2.ingest.media import MediaModels
from mv2.ingest.plan import Plan
from mv2.ingest.walking import FoundFile
from mv2.reports import FileResult, IngestReport
from mv2.types import Origin
from mv2.web.fetch import fetch
from mv2.web.model import Fetched, FetchOptions

if TYPE_CHECKING:
    from mv2.extract.readers.feed import FeedEntry
    from mv2.storage.store import Store

_FEED: Final = "feed"
_NOT_MODIFIED: Final = 304
_LONGEST_NAME: Final = 120


def put_url(
    store: Store,
    models: MediaModels,
    url: str,
    plan: Plan,
    options: FetchOptions | None,
    uri: str | None = None,
) -> IngestReport:
    """Take a page or the entries of a feed in; see ``Memvid.put_url``."""
    identity = uri or url
    documents = KnownFiles(store.view())
    known = documents.of(identity)
    had = Origin() if known is None or plan.again else known.origin
    fetched = fetch(url, options, etag=had.etag, last_modified=had.last_modified)
    if fetched.status == _NOT_MODIFIED:
        frame_id = None if known is None else known.frame_id
        return IngestReport(
            files=(FileResult(name=url, status="unchanged", uri=identity, frame_id=frame_id),)
        )
    name = _file_name(fetched)
    is_feed = detect(fetched.data, name).reader == _FEED
    found = _entries(fetched, url, plan.reading.limits, documents) if is_feed else []
    page = FoundFile(path=name, name=url, uri=identity, data=fetched.data, origin=_origin(fetched))
    plan = replace(plan, workers=plan.workers or (None if found else 1))
    return FileIngest(store, models, plan).run(found or [page])


def _origin(fetched: Fetched) -> Origin:
    return Origin(
        url=fetched.url,
        fetched_at=fetched.fetched_at,
        etag=fetched.etag,
        last_modified=fetched.last_modified,
    )


def _file_name(fetched: Fetched) -> str:
    """A file name for a page: the last part of its address, with an ending that fits its type."""
    name = unquote(urlsplit(fetched.url).path.rpartition("/")[2]).replace("/", "_")[-_LONGEST_NAME:]
    if "." in name:
        return name
    return f"{name or urlsplit(fetched.url).hostname}{mimetypes.guess_extension(fetched.mime or '') or ''}"


def _entries(fetched: Fetched, url: str, limits: Limits, known: KnownFiles) -> list[FoundFile]:
    """The entries of a feed; each is a document whose uri is its own address.

    Raises:
        DocumentError: it is no feed after all, or damaged.
    """
    from mv2.extract.readers.feed import entries

    try:
        listed = entries(fetched.data, limits)
    except DocumentError as error:
        error.path = url
        raise
    names = Counter(name for entry in listed for name in {entry.link, entry.id})
    found, taken = [], set[str]()
    for entry in listed:
        own = [name for name in (entry.link, entry.id) if names[name] == 1]
        uri = _uri_of(entry, own, url, lambda uri: uri in taken or _is_other(known.of(uri), url))
        taken.add(uri)
        facts: Mapping[str, Any] = {
            "title": entry.title or None,
            "tags": entry.tags,
            "timestamp": entry.published,
            "metadata": {key: value for key, value in (("author", entry.author), ("feed", url)) if value},
        }
        content = entry.content or entry.title
        found.append(
            FoundFile(
                path="entry.html" if entry.is_html else "entry.txt",
                name=uri,
                uri=uri,
                data=content.encode(),
                fields={key: value for key, value in facts.items() if value},
                origin=Origin(url=entry.link or None, fetched_at=fetched.fetched_at, part_of=url),
            )
        )
    return found


def _uri_of(entry: FeedEntry, own: Sequence[str], feed: str, is_taken: Callable[[str], bool]) -> str:
    """The uri of an entry: the address of its page, where that is a page's and no other document's.

    Args:
        own: which of its address and id no other entry of the feed has.
    """
    is_page = entry.link.lower().startswith(("http://", "https://"))
    uris = [entry.link] if is_page and entry.link in own else []
    uris += [f"{feed}#{entry.id}"] if entry.id in own else []
    uris.append(f"{feed}#{entry.id} {entry.title}")
    free = next((uri for uri in uris if not is_taken(uri)), None)
    number = 1
    while free is None:
        number += 1
        numbered = f"{uris[-1]} ({number})"
        free = None if is_taken(numbered) else numbered
    return free


def _is_other(known: KnownFile | None, feed: str) -> bool:
    return known is not None and known.origin.part_of != feed
