"""make bench: every benchmark there is."""

import sys

from . import search

raise SystemExit(search.main(sys.argv[1:]))
