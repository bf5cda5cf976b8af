"""Memories in and out: imports from other programs, exports, merges.

Everything here uses the public package only.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # nothing is loaded before it is used

if TYPE_CHECKING:
    from mv2.exchange.dumping import dump
    from mv2.exchange.exporting import (
        EXPORT_FORMATS,
        ExportFormat,
        ExportReport,
        export,
        export_format_of,
        export_paths,
    )
    from mv2.exchange.importing import (
        IMPORT_FORMATS,
        ImportInterrupted,
        ImportReport,
        import_format_of,
        import_into,
        import_options,
        read_items,
    )
    from mv2.exchange.items import ImportedConversation, Skipped
    from mv2.exchange.jsonl import export_jsonl, import_jsonl, read_records
    from mv2.exchange.merging import MergeReport, merge
    from mv2.exchange.splitting import split

__all__ = [
    "EXPORT_FORMATS",
    "IMPORT_FORMATS",
    "ExportFormat",
    "ExportReport",
    "ImportInterrupted",
    "ImportReport",
    "ImportedConversation",
    "MergeReport",
    "Skipped",
    "dump",
    "export",
    "export_format_of",
    "export_jsonl",
    "export_paths",
    "import_format_of",
    "import_into",
    "import_jsonl",
    "import_options",
    "merge",
    "read_items",
    "read_records",
    "split",
]

_MODULES = {
    "EXPORT_FORMATS": "exporting",
    "ExportFormat": "exporting",
    "ExportReport": "exporting",
    "IMPORT_FORMATS": "importing",
    "ImportInterrupted": "importing",
    "ImportReport": "importing",
    "ImportedConversation": "items",
    "MergeReport": "merging",
    "Skipped": "items",
    "dump": "dumping",
    "export": "exporting",
    "export_format_of": "exporting",
    "export_jsonl": "jsonl",
    "export_paths": "exporting",
    "import_format_of": "importing",
    "import_into": "importing",
    "import_jsonl": "jsonl",
    "import_options": "importing",
    "merge": "merging",
    "read_items": "importing",
    "read_records": "jsonl",
    "split": "splitting",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'mv2.exchange' has no attribute {name!r}")
    value = getattr(import_module(f"mv2.exchange.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
