"""`python -m guidednet` is the command `guidednet`."""

import sys

from guidednet.cli.parser import main

if __name__ == "__main__":
    sys.exit(main())
