#!/usr/bin/env python3
# Kept by the accounts team.
"""A ledger of small sums.

Each entry has a day and an amount.
"""

from __future__ import annotations

import datetime as dt

LIMIT = 500
GREETING = """
def not_a_function():
    pass
"""


class Entry:
    """One line of the ledger."""

    day: dt.date

    def __init__(self, day: dt.date, amount: int) -> None:
        self.day = day
        self.amount = amount

    @property
    def is_large(self) -> bool:
        # A hash in a string is no comment: "#".
        return self.amount > LIMIT


@dataclass(
    frozen=True,
)
class Total:
    amount: int


# Sums are made of cents.
def add_up(
    entries: list[Entry],
    *,
    start: int = 0,
) -> int:
    """Add the amounts up."""
    total = start
    for entry in entries:
        total += entry.amount

    return total


async def fetch(address: str) -> str:
    def inner() -> str:
        return "}{"

    return inner()


if __name__ == "__main__":
    print(add_up([]))
