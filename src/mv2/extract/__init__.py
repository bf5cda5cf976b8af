"""From the bytes of a file to its text, structure and tables. Knows nothing of memories."""
