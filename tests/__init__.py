"""The sentences about the trade that the portal must keep."""

import os
import tempfile

# The PostgreSQL of the tests keeps its socket there; machines without a login session have none.
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="zhiying-"))
