"""A package with reader plug-ins, as an installed one looks to Python."""

from __future__ import annotations

import textwrap
from pathlib import Path

_HEAD = """
from mv2.extract.model import Block, Extraction, Part, Reader, Table

def reader(name, function, **more):
    more.setdefault("mimes", (f"application/x-{name}",))
    more.setdefault("extensions", (name,))
    return Reader(name=name, read=function, **more)
"""


def install(folder: Path, source: str, *names: str, package: str = "guests", **places: str) -> Path:
    """Write a module with readers and the metadata that names them; put the folder on ``sys.path``.

    Args:
        names: readers that the module has under their own names.
        places: readers by name, and ``module:object`` where each is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{package}.py").write_text(_HEAD + textwrap.dedent(source), encoding="utf-8")
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8"
    )
    offered = {**{name: f"{package}:{name}" for name in names}, **places}
    lines = [f"{name} = {place}" for name, place in offered.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[mv2.readers]", *lines, ""]), encoding="utf-8")
    return folder
