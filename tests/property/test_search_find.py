"""`find` against a model that looks at every frame: each match exactly once, pages joined are all of them."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from mv2.index.lexical import LexicalReader, LexicalWriter, ascii_lower, indexed_text, lower, tokens, words
from mv2.search import Overlay, find, parse
from mv2.search.nodes import And, During, Field, Node, Not, Or, Phrase, Prefix, Terms, ranks
from mv2.testing.frames import ListFrame, ListSource, add_frame

WORDS = [
    "apple",
    "apples",
    "pie",
    "running",
    "run",
    "runner",
    "happy",
    "dying",
    "die",
    "skies",
    "naïve",
    "ÜBER",
    "東京",
    "42",
]
TAGS = ["red", "Red hot", "apple", "c++", "🎉", "running"]
TITLES = [None, "Apple pie", "The run", "über"]


@st.composite
def frames(draw: st.DrawFn) -> ListFrame:
    number = draw(st.integers(0, 2**32))
    text = " ".join(draw(st.lists(st.sampled_from(WORDS), max_size=8)))
    return ListFrame(
        body=draw(st.sampled_from([text, text, text.title(), None])),
        title=draw(st.sampled_from(TITLES)),
        timestamp=draw(st.sampled_from([0, 1_700_000_000, 1_700_086_400, -5])),
        uri=draw(st.sampled_from([None, f"mv2://Docs/{number}", "mv2://notes/x"])),
        kind=draw(st.sampled_from([None, "Note", "mail"])),
        track=draw(st.sampled_from([None, "Main", "running"])),
        tags=draw(st.lists(st.sampled_from(TAGS), max_size=2)),
        labels=draw(st.lists(st.sampled_from(TAGS), max_size=1)),
        role=draw(st.sampled_from([0, 0, 0, 1])),
    )


atoms = st.one_of(
    st.sampled_from(WORDS),
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=3).map(lambda ws: '"' + " ".join(ws) + '"'),
    st.sampled_from(["app*", "runn*", "run*", "happ*", "happi*", "dyi*", "skie*", "n*", "über*", "4*"]),
    st.sampled_from(TAGS).map(lambda tag: f'tag:"{tag}"'),
    st.sampled_from(TAGS).map(lambda tag: f'label:"{tag.upper()}"'),
    st.sampled_from(
        ["track:main", "kind:note", "title:pie", 'title:"the run"', "uri:MV2://notes/X", "scope:mv2://docs"]
    ),
    st.sampled_from(["date:2023", "date:[2023-11-15 TO *]", "date:[* TO 1970]", "date:1969"]),
)
plain = st.lists(st.one_of(atoms, atoms.map(lambda a: f"-{a}")), min_size=1, max_size=4).map(" ".join)
operators = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" AND ", " OR ", " "]), inner).map(
            lambda t: f"({t[0]}{t[1]}{t[2]})"
        ),
        inner.map(lambda one: f"NOT {one}"),
    ),
    max_leaves=5,
)


@dataclass
class Model:
    """Whether a frame matches, told from its own text and record."""

    frame: ListFrame

    def matches(self, node: Node) -> bool:
        frame = self.frame
        text = indexed_text(frame.body or "", frame.title)
        stems = tokens(text)
        match node:
            case Terms():
                extra = {s for v in (*frame.tags, *frame.labels, frame.track or "") for s in tokens(v)}
                found = [all(s in stems or s in extra for s in tokens(word)) for word in node.words]
                return any(found) if node.any else all(found)
            case Phrase():
                wanted = tokens(node.text)
                return any(stems[i : i + len(wanted)] == wanted for i in range(len(stems) - len(wanted) + 1))
            case Prefix():
                return any(form.startswith(node.start) for form in (*stems, *words(text)))
            case And():
                return all(self.matches(child) for child in node.children)
            case Or():
                return any(self.matches(child) for child in node.children)
            case Not():
                return not self.matches(node.child)
            case During():
                low = node.start is None or node.start <= frame.timestamp
                return low and (node.end is None or frame.timestamp < node.end)
            case Field():
                return self.holds(node)

    def holds(self, node: Field) -> bool:
        frame, value = self.frame, lower(node.value)
        uri = ascii_lower(frame.uri or "")
        return {
            "tag": value in [lower(tag) for tag in frame.tags],
            "label": value in [lower(label) for label in frame.labels],
            "track": value == lower(frame.track or ""),
            "kind": value == lower(frame.kind or ""),
            "title": " ".join(tokens(node.value)) in " ".join(tokens(frame.title or "")),
            "uri": uri == ascii_lower(node.value),
            "scope": uri.startswith(ascii_lower(node.value)),
        }[node.name]


def expected(source: ListSource, node: Node | None) -> set[int]:
    if node is None:
        return set()
    listing = not ranks(node)
    return {
        k
        for k, frame in enumerate(source.frames)
        if source.is_active(k) and not (listing and frame.role == 1) and Model(frame).matches(node)
    }


def build(
    listed: list[ListFrame], indexed: int, gone: set[int], late: set[int], *, foreign: bool
) -> ListSource:
    """A memory with `indexed` frames in its index; `late` ones were deleted after it was written."""
    with LexicalWriter(None) as writer:
        half = indexed // 2
        for k in range(indexed):
            add_frame(writer, k, listed[k])
            if k == half:
                writer.commit()
            if foreign:
                # Each frame again under a wrong number, as another engine does.
                add_frame(writer, (k + 1) % (indexed + 3), listed[k])
        for k in gone:
            writer.delete(k)
        files = [(file.name, file.read()) for file in writer.commit()]
    reader = LexicalReader.open(files, trusted=not foreign) if indexed or foreign else None
    inactive = {k for k in gone | late if k < len(listed)}
    return ListSource(
        listed, inactive=inactive, indexed_count=indexed, reader=reader, retired=late & set(range(indexed))
    )


@given(
    st.lists(frames(), max_size=12),
    st.data(),
    st.one_of(plain, operators),
    st.integers(1, 5),
)
def test_every_match_exactly_once(listed: list[ListFrame], data: st.DataObject, text: str, k: int) -> None:
    indexed = data.draw(st.integers(0, len(listed)), label="indexed")
    ids = st.sets(st.integers(0, max(0, len(listed) - 1)), max_size=4)
    source = build(listed, indexed, data.draw(ids, label="gone"), data.draw(ids, label="late"), foreign=False)
    check(source, text, k)


@given(st.lists(frames(), min_size=1, max_size=8), st.one_of(plain, operators), st.integers(1, 5))
def test_an_index_with_wrong_and_doubled_numbers(listed: list[ListFrame], text: str, k: int) -> None:
    check(build(listed, len(listed), set(), {0}, foreign=True), text, k)


def check(source: ListSource, text: str, k: int) -> None:
    query = parse(text)
    strict, loose = expected(source, query.root), expected(source, query.relaxed())
    wanted = strict or loose
    overlay = Overlay()
    seen: list[int] = []
    cursor = None
    while True:
        result = find(source, text, k=k, cursor=cursor, overlay=overlay)
        assert result.relaxed == (not strict and bool(loose))
        assert len(result.hits) == min(k, len(wanted) - len(seen))
        assert result.total == len(wanted) or (
            not result.total_is_exact and len(seen) <= result.total <= len(wanted)
        )
        assert [hit.rank for hit in result.hits] == list(
            range(len(seen) + 1, len(seen) + len(result.hits) + 1)
        )
        for hit in result.hits:
            body = source.text(hit.frame_id) or ""
            assert hit.snippet in body
            assert all(0 <= a < b <= len(hit.snippet) for a, b in hit.highlights)
        seen += [hit.frame_id for hit in result.hits]
        cursor = result.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(wanted)
    assert [hit.frame_id for hit in find(source, text, k=100).hits] == seen
