from __future__ import annotations

from mv2.testing.fixtures import own_state_directory, quick_temporary_directory

__all__ = ["own_state_directory", "quick_temporary_directory"]
