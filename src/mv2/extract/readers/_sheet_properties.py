"""What an OpenDocument file says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mv2.extract._values import clean
from mv2.extract.readers._office import language_of, seconds_of, words_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def office_properties(root: Element) -> dict[str, Any]:
    """Fields of ``Extraction`` from ``meta.xml``."""
    words: dict[str, str] = {}
    for element in root.iter():
        text = clean(element.text or "").strip()
        if text:
            name = element.tag.rpartition("}")[2]
            words[name] = f"{words[name]}, {text}" if name == "keyword" and name in words else text
    found = {
        "title": words.get("title"),
        "author": words.get("initial-creator") or words.get("creator"),
        "subject": words.get("subject"),
        "language": language_of(words.get("language")),
        "keywords": words_of(words.get("keyword")),
        "created": seconds_of(words.get("creation-date")),
        "modified": seconds_of(words.get("date")),
    }
    return {name: value for name, value in found.items() if value}
