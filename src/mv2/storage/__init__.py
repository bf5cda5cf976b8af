"""The storage engine: one file, a log in front, and a header that commits.

Only this package touches the memory file, and only through ``device``.
"""
