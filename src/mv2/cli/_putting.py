"""What ``mv2 put`` does with each thing it is given, in the order it is given."""

from __future__ import annotations

import sys
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from mv2.cli._ingest import Results, is_url
from mv2.cli._output import one_line
from mv2.cli._progress import Progress
from mv2.cli._reading import chunking_of, reading_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import mv2

STDIN: Final = "-"
#: Options that are fields of a document.
_FIELDS: Final = ("uri", "title", "tags", "labels", "metadata", "track", "kind", "timestamp", "mime")


class Putting:
    """Puts text, files, folders and web pages into a memory, and notes in ``results`` what became of them.

    Args:
        options: those of the command that say how; they are taken out.
    """

    def __init__(self, memory: mv2.Memvid, options: dict[str, Any], results: Results, quiet: bool) -> None:
        import mv2

        self._memory = memory
        self._results = results
        self._quiet = quiet
        reading, chunking = reading_of(options), chunking_of(options)
        self._read_as_file = reading != mv2.ReadOptions()
        self._web = _fetch_options(options.pop("allow_hosts"), robots=not options.pop("no_robots"))
        dedup = options.pop("dedup")
        duplicates = options.pop("duplicates") or ("skip" if dedup else "keep")
        skip_unknown = options.pop("skip_unknown")
        shared = {"chunking": chunking, "reading": reading, "on_conflict": options["on_conflict"]}
        given = {name: options[name] for name in _FIELDS if options[name] not in (None, (), {})}
        self._one = {**shared, **given}
        self._once = duplicates == "skip"
        self._files = {**options, **shared, "duplicates": duplicates, "store_unknown": not skip_unknown}

    def text(self, text: str) -> None:
        """Put a text."""
        self._alone(text, "text", self._one)

    def paths(self, paths: Iterable[str]) -> None:
        """Put everything that paths mean; files and folders that stand together are read together."""
        for kind, group in groupby(paths, _kind):
            members = list(group)
            for place, member in enumerate(members):
                if self._results.interrupted:
                    self._results.left += len(members) - place
                    break
                if kind == "file":
                    self._read(members)
                    break
                self._single(kind, member)

    def _single(self, kind: str, member: str) -> None:
        try:
            if kind == "page":
                self._page(member)
            else:
                self._standard_input()
        except KeyboardInterrupt:
            self._stopped(1)

    def _stopped(self, left: int) -> None:
        self._results.interrupted = True
        self._results.left += left

    def _read(self, members: list[str]) -> None:
        import mv2

        with Progress("Putting files", quiet=self._quiet) as progress:
            try:
                self._results.add(self._memory.put_files(members, progress=progress, **self._files))
            except mv2.Interrupted as stop:
                self._results.add(stop.report, progress.total)
            except KeyboardInterrupt:  # before the first one was read
                self._stopped(len(members))

    def _page(self, url: str) -> None:
        import mv2

        fields = {**self._one, "again": self._files["again"]}
        try:
            self._results.add(self._memory.put_url(url, web=self._web, **fields))
        except mv2.Interrupted as stop:
            self._results.add(stop.report)
        except (mv2.FetchError, mv2.DocumentError, mv2.MissingExtraError) as error:
            self._results.fail_all([(url, _reason(error))])

    def _standard_input(self) -> None:
        content: str | bytes = sys.stdin.buffer.read()
        fields = dict(self._one)
        if not self._read_as_file:
            try:  # text needs no reader
                content = content.decode() if isinstance(content, bytes) else content
            except UnicodeDecodeError:
                pass
            else:
                del fields["reading"]
        self._alone(content, "standard input", fields)

    def _alone(self, content: str | bytes, name: str, fields: Mapping[str, Any]) -> None:
        """Put one document that is no file."""
        import mv2

        try:
            frame_id = self._memory.put(content, dedup=self._once, **fields)
        except (mv2.ModelMismatchError, mv2.VecDimensionMismatchError):
            raise
        except (mv2.DocumentError, mv2.MissingExtraError, mv2.InvalidArgumentError) as error:
            self._results.fail_all([(name, _reason(error))])
        else:
            uri = self._memory.frame(frame_id).uri
            self._results.put.append({"frame_id": frame_id, "uri": uri, "source": name})


def _kind(path: str) -> str:
    if path == STDIN:
        return "standard input"
    return "page" if is_url(path) else "file"


def _reason(error: mv2.Error) -> str:
    return one_line(error.message if error.remedy is None else f"{error.message} ({error.remedy})")


def _fetch_options(allowed: Iterable[str], *, robots: bool) -> mv2.FetchOptions:
    """How pages are fetched; a private host is allowed as HOST or HOST:PORT."""
    import mv2

    hosts, ports = [], []
    for item in allowed:
        host, colon, port = item.rpartition(":")
        if colon and port.isdigit() and not host.endswith(":"):
            hosts.append(host.strip("[]"))
            ports.append(int(port))
        else:
            hosts.append(item.strip("[]"))
    return mv2.FetchOptions(allow_hosts=tuple(hosts), allow_ports=tuple(ports), robots=robots)
