"""For pytest by hand: without the disk cache, so that no test finds what another or the user left."""

import os

os.environ.setdefault("RICCI_CACHE_DIR", "off")
