"""Groups of near duplicates against exact comparison of every pair."""

from __future__ import annotations

import itertools
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mv2
from mv2.errors import InvalidArgumentError
from mv2.search import duplicates
from mv2.search._shingles import shingles
from mv2.search.duplicates import duplicate_groups


@pytest.fixture
def memory(tmp_path):
    with mv2.open(tmp_path / "memory.mv2", embedder="none") as opened:
        yield opened


def shingled(text):
    words = re.findall(r"\w+", text.lower())
    if len(words) < 3:
        return frozenset([tuple(words)])
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def true_groups(texts, threshold):
    sets = [shingled(text) for text in texts]
    group = list(range(len(texts)))
    for one, other in itertools.combinations(range(len(texts)), 2):
        common = len(sets[one] & sets[other])
        if common and common / (len(sets[one]) + len(sets[other]) - common) >= threshold:
            old, new = group[other], group[one]
            group = [new if g == old else g for g in group]
    members = {}
    for place, number in enumerate(group):
        members.setdefault(number, []).append(place)
    return sorted(tuple(m) for m in members.values() if len(m) > 1)


def groups_of(memory, threshold=0.9):
    return duplicate_groups(memory._store.view(), threshold)


def texts_with_copies(count, seed):
    """Texts of words of very different frequency; some are changed copies of others."""
    choose = random.Random(seed)
    words = [f"w{i}" for i in range(3000)]
    weights = [1 / (i + 3) for i in range(3000)]
    texts = []
    while len(texts) < count:
        text = choose.choices(words, weights, k=choose.randint(3, 120))
        texts.append(text)
        while choose.random() < 0.35:
            copy = list(choose.choice(texts[-4:]))
            for _ in range(choose.randint(0, 1 + len(copy) // 12)):
                copy[choose.randrange(len(copy))] = choose.choice(words)
            texts.append(copy)
    choose.shuffle(texts)
    return [" ".join(text) for text in texts[:count]]


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8, 0.9, 1.0])
def test_no_pair_is_missed_and_none_made_up(memory, threshold):
    texts = texts_with_copies(400, seed=int(threshold * 10))
    memory.put_many([{"content": text} for text in texts])
    found = groups_of(memory, threshold)
    wanted = true_groups(texts, threshold)
    assert wanted  # else nothing is tested
    assert sorted(group.frame_ids for group in found) == wanted
    assert all(threshold <= group.similarity <= 1 for group in found)
    assert [group.similarity for group in found] == sorted((g.similarity for g in found), reverse=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab cé9_-.", max_size=30), max_size=20))
def test_shingles_are_as_a_plain_reading_has_them(texts):
    found = shingles(texts)
    seen = {}
    for place, text in enumerate(texts):
        mine = found.hashes[found.starts[place] : found.starts[place + 1]].tolist()
        plain = {s for s in shingled(text) if s}
        assert len(mine) == len(set(mine)) == len(plain)
        assert mine == sorted(mine)
        seen.setdefault(frozenset(plain), set()).add(tuple(mine))
    assert all(len(ways) == 1 for ways in seen.values())
    assert len({next(iter(ways)) for ways in seen.values()}) == len(seen)


def test_batches_make_no_difference(memory, monkeypatch):
    texts = texts_with_copies(120, seed=1)
    memory.put_many([{"content": text} for text in texts])
    whole = groups_of(memory, 0.6)
    monkeypatch.setattr(duplicates, "_BATCH_TEXTS", 7)
    assert groups_of(memory, 0.6) == whole


def test_same_content_is_a_group_of_its_own(memory):
    memory.put("Exactly the same.")
    memory.put("Something else entirely, and longer.")
    memory.put("Exactly the same.")
    memory.put(b"\x00\xff\x01")
    memory.put(b"\x00\xff\x01")
    memory.put("")
    memory.put("")
    found = groups_of(memory, 1.0)
    assert [(group.frame_ids, group.similarity) for group in found] == [((0, 2), 1.0), ((3, 4), 1.0)]


def test_deleted_and_replaced_versions_are_left_out(memory):
    text = "one two three four five six seven"
    first, second = memory.put(text, uri="a"), memory.put(text, uri="b")
    assert [group.frame_ids for group in groups_of(memory)] == [(first, second)]
    memory.update("b", title="a title")
    assert [group.frame_ids for group in groups_of(memory)] == [(first, second + 1)]
    memory.delete("a")
    assert groups_of(memory) == ()


def test_long_documents_are_compared_as_wholes(memory):
    text = " ".join(f"word{i % 700} other{i}" for i in range(1500))
    first = memory.put(text)
    second = memory.put(text.replace("other700", "changed"))
    third = memory.put(text[: len(text) // 2])
    assert third > second > first
    (group,) = groups_of(memory)
    assert group.frame_ids == (first, second)
    assert 0.99 < group.similarity < 1


def test_scripts_without_spaces(memory):
    memory.put("我们在厨房里用醋给水壶除垢然后再煮一壶新鲜的热水来泡茶喝")
    memory.put("我们在厨房里用醋给水壶除垢然后再煮一壶新鲜的热水来泡茶吧")
    memory.put("夜班火车九点从中央车站开往海边的小镇需要六个小时才能到达")
    (group,) = groups_of(memory, 0.8)
    assert group.frame_ids == (0, 1)


def test_very_many_near_duplicates_hang_together(memory):
    base = [f"w{i}" for i in range(60)]
    texts = [" ".join([*base[:k], f"x{k}", *base[k + 1 :]]) for k in range(60)] * 5
    texts = [f"{text} end{number % 7}" for number, text in enumerate(texts)]
    memory.put_many([{"content": text} for text in texts])
    assert [len(group.frame_ids) for group in groups_of(memory, 0.8)] == [300]


@pytest.mark.parametrize("threshold", [0, 0.05, 1.01, -1, "0.9", None, float("nan")])
def test_other_thresholds_are_refused(memory, threshold):
    with pytest.raises(InvalidArgumentError, match="threshold"):
        groups_of(memory, threshold)
