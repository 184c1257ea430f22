"""`python -m gradcheck_cli`, the same as the command `gradcheck`."""

import sys

from gradcheck_cli.cli import main

if __name__ == "__main__":
    sys.exit(main())
