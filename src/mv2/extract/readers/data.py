"""Data files: JSON, JSON lines, YAML, TOML, INI and XML."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from mv2.errors import DocumentLimitError
from mv2.extract.guard import decode_text
from mv2.extract.model import Extraction, ReadOptions, Source
from mv2.extract.readers._data_json import read_json, read_json_lines
from mv2.extract.readers._data_lines import read_ini, read_toml, read_yaml
from mv2.extract.readers._data_xml import read_xml

_Road: TypeAlias = Callable[[str, ReadOptions], Extraction]

_MIMES: dict[str, _Road] = {
    "application/json": read_json,
    "application/x-ndjson": read_json_lines,
    "application/jsonl": read_json_lines,
    "application/yaml": read_yaml,
    "application/x-yaml": read_yaml,
    "text/yaml": read_yaml,
    "application/toml": read_toml,
    "text/x-ini": read_ini,
}
_ENDINGS: dict[str, _Road] = {
    **dict.fromkeys(["json", "geojson", "json5", "webmanifest", "har", "topojson"], read_json),
    **dict.fromkeys(["jsonl", "ndjson", "jsonlines"], read_json_lines),
    **dict.fromkeys(["yaml", "yml"], read_yaml),
    "toml": read_toml,
    **dict.fromkeys(["ini", "cfg", "conf", "properties"], read_ini),
}


def read(source: Source, options: ReadOptions) -> Extraction:
    """What a data file says, one record after the other.

    JSON and XML are rendered as ``path: value`` lines; YAML, TOML and INI stay as they are written.

    Raises:
        DocumentError: it is not well-formed; the message says where.
        DocumentLimitError: nested too deep, or more text than the limits allow.
    """
    ending = source.name.rpartition(".")[2].lower()
    mime = (source.mime or "").lower()
    if mime.endswith("xml") or (mime not in _MIMES and source.data.lstrip()[:1] == b"<"):
        return read_xml(source.data, options)
    text, encoding = decode_text(source.data)
    if len(text) > options.limits.text_chars:
        raise DocumentLimitError(
            f"has more than {options.limits.text_chars:,} characters of text (limit text_chars)",
            remedy="raise Limits.text_chars, or split the file",
        )
    if not text.strip():
        return Extraction(text="", metadata={"encoding": encoding})
    road = _MIMES.get(mime) or _ENDINGS.get(ending) or (read_json if text.lstrip()[:1] in "[{" else read_yaml)
    found = road(text, options)
    return Extraction(
        text=found.text,
        exact=found.exact,
        blocks=found.blocks,
        tables=found.tables,
        metadata={**found.metadata, "encoding": encoding},
        warnings=found.warnings,
    )
