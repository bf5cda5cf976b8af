"""Writers of other programs' formats, one module each."""
