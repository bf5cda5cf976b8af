"""How often a memory answers a question that it can answer, and one that it cannot.

    python benchmarks/retrieval/answers.py --data DIR

DIR holds conversations in LoCoMo's form (``*.json``: turns with speaker and session date, and
questions with the turns that answer them); each becomes a memory with one frame a turn. Without
a language model, this prints for several thresholds of the confidence

- answered: share of the answerable questions that get an answer;
- evidence: share of the answerable questions whose answer cites a turn that answers them;
- foreign: share of questions of one conversation that another conversation's memory answers,
  which is always wrong;
- swapped: the same with the speakers' names replaced by those of the other conversation, so that
  the names give nothing away;
- wrong speaker: share of answered questions that ask about the wrong speaker.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import mv2

ADVERSARIAL = 5
THRESHOLDS = (0.0, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)


@dataclass
class Talk:
    """One conversation as a memory."""

    name: str
    speakers: tuple[str, str]
    texts: list[str]
    sessions: list[str]
    times: list[int | None]
    questions: list[tuple[str, int, set[str]]]
    memory: mv2.Memvid | None = field(default=None, repr=False)


def read_talks(folder: Path) -> list[Talk]:
    return [
        _talk(sample)
        for path in sorted(folder.glob("*.json"))
        for sample in json.loads(path.read_text(encoding="utf-8"))
    ]


def _talk(sample: dict) -> Talk:
    talk = sample["conversation"]
    made = Talk(sample["sample_id"], (talk["speaker_a"], talk["speaker_b"]), [], [], [], [])
    place: dict[str, str] = {}
    names = [name for name in talk if re.fullmatch(r"session_\d+", name) and isinstance(talk[name], list)]
    for session in sorted(names, key=lambda name: int(name.split("_")[1])):
        when = _clock(talk.get(f"{session}_date_time", ""))
        for turn in talk[session]:
            place[turn["dia_id"]] = f"mv2://turn/{len(made.texts)}"
            date = f"[{when:%A %d %B %Y}] " if when else ""
            made.texts.append(f"{date}{turn['speaker']}: {turn.get('text') or ''}")
            made.sessions.append(session)
            made.times.append(int(when.timestamp()) if when else None)
    for item in sample["qa"]:
        marks = re.findall(r"D:?(\d+):0*(\d+)", " ".join(map(str, item.get("evidence") or [])))
        relevant = {place[f"D{a}:{n}"] for a, n in marks if f"D{a}:{n}" in place}
        if relevant:
            made.questions.append((item["question"], item["category"], relevant))
    return made


def _clock(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(text.strip(), "%I:%M %p on %d %B, %Y").replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def open_memory(talk: Talk, folder: Path, embedder: str) -> mv2.Memvid:
    memory = mv2.open(folder / f"{talk.name}.mv2", "x", embedder=embedder)
    memory.put_many(
        {"content": text, "uri": f"mv2://turn/{n}", "track": session, "timestamp": moment}
        for n, (text, session, moment) in enumerate(zip(talk.texts, talk.sessions, talk.times, strict=True))
    )
    return memory


@dataclass
class Outcome:
    """What one question got: how sure the answer was, and whether it cites the evidence."""

    confidence: float
    cites: bool


def ask_all(talks: list[Talk]) -> tuple[dict[str, list[Outcome]], list[float]]:
    found: dict[str, list[Outcome]] = defaultdict(list)
    took: list[float] = []
    for n, talk in enumerate(talks):
        other = talks[(n + 1) % len(talks)]
        for question, category, relevant in talk.questions:
            group = "wrong speaker" if category == ADVERSARIAL else "answerable"
            found[group].append(_outcome(talk, question, relevant, took))
            if category != ADVERSARIAL:
                found["foreign"].append(_outcome(other, question, set(), took))
                swapped = _with_names(question, talk.speakers, other.speakers)
                found["swapped"].append(_outcome(other, swapped, set(), took))
    return found, took


def _outcome(talk: Talk, question: str, relevant: set[str], took: list[float]) -> Outcome:
    assert talk.memory is not None
    begun = time.perf_counter()
    answer = talk.memory.ask(question, min_confidence=0.0)
    took.append(time.perf_counter() - begun)
    cites = any(citation.uri in relevant for citation in answer.citations)
    return Outcome(answer.confidence if answer.found else -1.0, cites)


def _with_names(question: str, names: tuple[str, str], others: tuple[str, str]) -> str:
    by_name = dict(zip(names, others, strict=True))
    return re.sub("|".join(map(re.escape, names)), lambda found: by_name[found[0]], question)


def report(found: dict[str, list[Outcome]]) -> str:
    groups = ("answerable", "foreign", "swapped", "wrong speaker")
    lines = [
        f"Questions: {', '.join(f'{len(found[name])} {name}' for name in groups)}. Figures in percent.",
        "",
        f"| confidence from | answered | evidence | evidence of answered | {' | '.join(groups[1:])} |",
        "|---|---|---|---|---|---|---|",
    ]
    for least in THRESHOLDS:
        given = {name: [one for one in found[name] if one.confidence >= least] for name in groups}
        answered, *wrong = (len(given[name]) / max(1, len(found[name])) for name in groups)
        evidence = sum(one.cites for one in given["answerable"]) / max(1, len(found["answerable"]))
        cells = [answered, evidence, evidence / answered if answered else 0.0, *wrong]
        lines.append(f"| {least:.2f} | " + " | ".join(f"{100 * cell:.1f}" for cell in cells) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, type=Path, metavar="DIR")
    parser.add_argument("--embedder", default="none", help="as mv2.open takes it; none by default")
    given = parser.parse_args()
    talks = read_talks(given.data)
    if len(talks) < 2:
        print(f"{given.data} holds {len(talks)} conversations; two are needed", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="mv2-answers-") as folder:
        for talk in talks:
            talk.memory = open_memory(talk, Path(folder), given.embedder)
        found, took = ask_all(talks)
        for talk in talks:
            assert talk.memory is not None
            talk.memory.close()
    print(report(found))
    took.sort()
    print(f"\nmv2 {mv2.__version__}, embedder {given.embedder}; median {1000 * took[len(took) // 2]:.1f} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
