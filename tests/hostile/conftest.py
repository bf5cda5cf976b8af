from __future__ import annotations

from mv2.testing.fixtures import quick_temporary_directory

__all__ = ["quick_temporary_directory"]
