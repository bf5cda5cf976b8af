"""What Word and PowerPoint files share besides text: charts and diagrams."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

from mv2.errors import DocumentLimitError
from mv2.extract.readers._elements import child, children, number_of
from mv2.extract.readers._office import DEEPEST_NESTING, Cells, Draft, readable
from mv2.extract.readers._ooxml import Package

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MOST_SERIES = 256
_MOST_POINTS = 10_000


def plain_text(element: Element | None) -> str:
    """The words of all paragraphs inside, one paragraph a line."""
    if element is None:
        return ""
    lines = []
    for paragraph in element.iter("a:p"):
        runs = []
        for one in paragraph.iter():
            if one.tag == "a:t":
                runs.append(one.text or "")
            elif one.tag == "a:br":
                runs.append("\n")
        lines.append(readable("".join(runs)).strip())
    return "\n".join(line for line in lines if line)


def add_chart(draft: Draft, package: Package, path: str | None) -> None:
    """A chart as a table: a row for each category, a column for each series."""
    root = package.part_once(path)
    chart = child(root, "c:chart")
    if chart is None:
        draft.warn("a chart could not be read")
        return
    title = " ".join(plain_text(child(chart, "c:title")).split())
    series = list(islice((one for one in chart.iter("c:ser")), _MOST_SERIES))
    names, columns, categories = [], [], dict[int, str]()
    for at, one in enumerate(series, 1):
        names.append(next(iter(_points(child(one, "c:tx")).values()), "") or f"series {at}")
        columns.append(_points(child(one, "c:val")) or _points(child(one, "c:yVal")))
        for place, label in (_points(child(one, "c:cat")) or _points(child(one, "c:xVal"))).items():
            categories.setdefault(place, label)
    if title:
        draft.add("caption", title)
    if not series:
        return
    cells = Cells(draft.limits, draft.spread)
    cells.new_row()
    for name in (" ", *names):
        cells.put(name)
    for place in sorted({*categories, *(place for column in columns for place in column)}):
        cells.new_row()
        cells.put(categories.get(place, ""))
        for column in columns:
            cells.put(column.get(place, ""))
    cells.header_rows = 1
    draft.table(cells, title or None)


def _points(element: Element | None) -> dict[int, str]:
    """Cached values by their place."""
    if element is None:
        return {}
    points: dict[int, str] = {}
    for point in islice(element.iter("c:pt"), _MOST_POINTS):
        value = child(point, "c:v")
        if value is not None and value.text:
            points.setdefault(number_of(point, "idx"), " ".join(value.text.split()))
    if not points and (value := child(element, "c:v")) is not None and value.text:
        points[0] = " ".join(value.text.split())
    return points


def add_diagram(draft: Draft, package: Package, path: str | None) -> None:
    """The words of a diagram (SmartArt) as a list, as deep as they are nested."""
    root = package.part_once(path)
    if root is None:
        draft.warn("a diagram could not be read")
        return
    texts: dict[str, str] = {}
    tops: list[str] = []
    for point in children(child(root, "dgm:ptLst"), "dgm:pt"):
        kind, name = point.get("type", "node"), point.get("modelId") or ""
        if kind == "doc":
            tops.append(name)
        if kind in {"node", "asst"}:
            texts[name] = plain_text(child(point, "dgm:t")).replace("\n", " ")
    inside: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for link in children(child(root, "dgm:cxnLst"), "dgm:cxn"):
        if link.get("type", "parOf") == "parOf":
            inside[link.get("srcId") or ""].append((number_of(link, "srcOrd"), link.get("destId") or ""))
    waiting = [(0, top) for top in reversed(tops)]
    draft.end_list()
    while waiting:
        depth, name = waiting.pop()
        if depth and (text := texts.pop(name, "")):
            draft.item(text, depth)
        below_it = sorted(inside.pop(name, ()), reverse=True)
        waiting.extend((depth + 1, other) for _, other in below_it)
    for text in texts.values():
        draft.item(text, 1)
    draft.end_list()


def add_graphic(draft: Draft, package: Package, part: str, data: Element) -> None:
    """A chart or diagram that ``part`` places with ``a:graphicData``."""
    relations = package.relations(part)
    if (chart := child(data, "c:chart")) is not None and (found := relations.get(chart.get("r:id") or "")):
        add_chart(draft, package, found.target)
    elif (parts := child(data, "dgm:relIds")) is not None and (
        found := relations.get(parts.get("r:dm") or "")
    ):
        add_diagram(draft, package, found.target)


def refuse_depth(depth: int) -> None:
    """Hold readers that go into boxes, groups and tables to a depth."""
    if depth > DEEPEST_NESTING:
        raise DocumentLimitError(f"has tables or boxes nested deeper than {DEEPEST_NESTING}")
