"""The parts of ``mv2.Memvid``, by what they are for."""
