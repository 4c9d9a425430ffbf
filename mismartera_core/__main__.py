"""`python -m mismartera_core`: the command."""

import sys

from mismartera_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
