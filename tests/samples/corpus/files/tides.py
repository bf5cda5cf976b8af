"""Heights of tides by the rule of twelfths."""

from dataclasses import dataclass

TWELFTHS = (1, 2, 3, 3, 2, 1)


@dataclass
class Tide:
    """One tide, from low to high water."""

    low: float
    high: float

    def height(self, hours: int) -> float:
        """Height after whole hours, in metres."""
        if not 0 <= hours <= 6:
            raise ValueError("a tide lasts six hours")
        return self.low + (self.high - self.low) * sum(TWELFTHS[:hours]) / 12


def sailable(tide: Tide, draught: float) -> list[int]:
    """Hours at which a boat of that draught floats."""
    return [hour for hour in range(7) if tide.height(hour) > draught]
