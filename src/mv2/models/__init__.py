"""Models: what turns texts into vectors, and what orders texts by a query."""
