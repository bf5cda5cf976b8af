"""The layers of docs/design.md: no module imports one above it, and only one touches the memory file.

Lower layers can then be read, tested and reused without knowing the upper ones.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "mv2"

# Lowest first. Modules of one row may use each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("_late", "_record", "_version", "errors", "reports", "types"),
    ("format",),
    ("storage",),
    ("extract", "index", "models", "web"),
    ("ingest", "memory", "policy", "search"),
    ("ask", "doctor"),
    ("facade",),
    ("aio", "memvid"),
    ("__init__",),
    ("exchange",),
    ("cli", "integrations", "serve"),
    ("__main__", "testing"),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
# These are users of the public package, with no better view of it than anybody else.
OUTSIDE = LAYERS[LEVEL["exchange"]] + LAYERS[LEVEL["cli"]]
PUBLIC = {"__init__", "_version", "errors", "exchange", "reports", "types"}
# Upward names that only annotations use, never loaded when the program runs.
ANNOTATIONS_ONLY = {("errors", "format"): "FileReplacedError hands the log entries on to whoever names them"}

# Calls that could change a file, and what else than the memory the module does it to.
FILE_CALLS = {"open", "pwrite", "pwritev", "write", "ftruncate", "truncate", "fsync", "fdatasync", "replace"}
MAY_TOUCH_FILES = {
    "storage/device.py": "the memory file; everything else goes through it",
    "storage/holders.py": "notes about who writes, in the user's state directory",
    "index/_workdir.py": "index files in a private temporary directory",
    "cli/_run.py": "the null device, when the reader of our output is gone",
}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)


def layer_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> list[tuple[int, str]]:
    """(line, first name below ``mv2``) of every import of the package, wherever it stands."""
    found = []
    package = ("mv2", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package[: len(package) - node.level + 1]
                base = ".".join([*up, base] if base else up)
            names = [f"mv2.{alias.name}" for alias in node.names] if base == "mv2" else [base]
        for name in names:
            parts = name.split(".")
            if parts[0] == "mv2":
                known = len(parts) > 1 and parts[1] in LEVEL
                found.append((node.lineno, parts[1] if known else "__init__"))
    return found


def test_every_module_has_a_layer() -> None:
    assert {layer_of(path) for path in modules()} <= set(LEVEL)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_imports_upward(path: Path) -> None:
    layer = layer_of(path)
    for line, target in imported(path):
        if target == layer or layer in LAYERS[-1] or (layer, target) in ANNOTATIONS_ONLY:
            continue
        if layer in OUTSIDE:
            assert target in PUBLIC, (
                f"{path.name}:{line}: {layer} may only use the public package, not {target}"
            )
        assert LEVEL[target] <= LEVEL[layer], f"{path.name}:{line}: {layer} is below {target}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_device_touches_the_memory_file(path: Path) -> None:
    name = path.relative_to(PACKAGE).as_posix()
    if name in MAY_TOUCH_FILES or layer_of(path) == "testing":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "os"
        ):
            assert node.func.attr not in FILE_CALLS, f"{name}:{node.lineno}: os.{node.func.attr}"


FORBIDDEN_IN_FORMAT = {"io", "logging", "os", "pathlib", "socket", "subprocess", "tempfile", "time"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "format").glob("*.py")), ids=lambda path: path.name)
def test_the_format_is_pure(path: Path) -> None:
    """Bytes in, records out: no files, no clock, no logging."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        assert not FORBIDDEN_IN_FORMAT & {name.split(".")[0] for name in names}, f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_stay_readable(path: Path) -> None:
    """Aim under 400 lines; a module of more than 800 has more than one subject."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 800


def test_the_check_sees_upward_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "storage").mkdir()
    sample = tmp_path / "storage" / "bad.py"
    sample.write_text(
        "import mv2.index.lexical\n"
        "from mv2 import search\n"
        "from ..memvid import Memvid\n"
        "from . import device\n"
        "import mv2\n"
        "def late():\n    from mv2.ingest import documents\n"
    )
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path)
    found = [target for _, target in sorted(imported(sample))]
    assert found == ["index", "search", "memvid", "storage", "__init__", "ingest"]
