"""Pages fetched from the web, with no way into private networks."""

from __future__ import annotations

from mv2.web.fetch import Fetcher, fetch
from mv2.web.model import Fetched, FetchOptions

__all__ = ["FetchOptions", "Fetched", "Fetcher", "fetch"]
