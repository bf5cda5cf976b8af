"""Indexes derived from frames: they can always be rebuilt, so they are never trusted over the frames."""
