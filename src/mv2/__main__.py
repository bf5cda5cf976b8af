"""``python -m mv2`` is the command ``mv2``."""

import sys

from mv2.cli import main

if __name__ == "__main__":
    sys.exit(main())
