"""The entry for WSGI servers and for `flask`."""

import sys

from portal import create_app
from portal.config import ConfigError
from portal.core.errors import SetupError

try:
    app = create_app()
except (ConfigError, SetupError) as error:
    print(error, file=sys.stderr)  # noqa: T201 — one clear sentence instead of a trace
    raise SystemExit(2) from None
