"""``python -m scarscope`` is ``scarscope``."""

import sys

from scarscope.cli import main

if __name__ == "__main__":
    sys.exit(main())
