"""Real English text that every Python has: its reference pages, and the standard library's docstrings."""

from __future__ import annotations

import ast
import os
import sysconfig
from collections.abc import Iterator

from benchmarks.workload import Doc

_START = 1_700_000_000
_FEWEST = 40
_SKIPPED = frozenset({"site-packages", "test", "tests", "__pycache__", "idlelib"})


def topics(size: int = 800) -> list[Doc]:
    """The pages of Python's language reference, cut at paragraphs into about ``size`` characters."""
    from pydoc_data.topics import topics as pages

    found: list[Doc] = []
    for name, page in sorted(pages.items()):
        for part in _cut(page, size):
            found.append(Doc(part, name.capitalize(), ["reference"], _START + 60 * len(found)))
    return found


def _cut(text: str, size: int) -> Iterator[str]:
    held = ""
    for paragraph in text.split("\n\n"):
        if held and len(held) + len(paragraph) > size:
            yield held
            held = ""
        held = f"{held}\n\n{paragraph}" if held else paragraph
    if held.strip():
        yield held


def docstrings(most: int = 6000) -> list[Doc]:
    """Docstrings of the standard library's modules, classes and functions."""
    root = sysconfig.get_paths()["stdlib"]
    found: list[Doc] = []
    for here, folders, names in os.walk(root):
        folders[:] = sorted(
            f for f in folders if f not in {"site-packages", "test", "tests", "__pycache__", "idlelib"}
        )
        for name in sorted(names):
            if name.endswith(".py"):
                place = os.path.relpath(os.path.join(here, name), root)
                found += [
                    Doc(
                        text,
                        title,
                        [place.split(os.sep)[0].removesuffix(".py")],
                        _START + 60 * (len(found) + at),
                    )
                    for at, (title, text) in enumerate(_strings(os.path.join(here, name)))
                ]
                if len(found) >= most:
                    return found[:most]
    return found


def _strings(path: str) -> list[tuple[str, str]]:
    try:
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
    except (SyntaxError, UnicodeDecodeError, ValueError):
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            text = ast.get_docstring(node)
            if text and len(text) >= _FEWEST:
                found.append((getattr(node, "name", os.path.basename(path)), text))
    return found


def joined(docs: list[Doc], count: int) -> list[Doc]:
    """Documents of ``count`` given ones each."""
    found = []
    for start in range(0, len(docs) - count + 1, count):
        group = docs[start : start + count]
        found.append(
            Doc("\n\n".join(doc.text for doc in group), group[0].title, group[0].tags, group[0].timestamp)
        )
    return found
