"""Names of batches: parts of addresses and of file names. Loads no Django."""

import re

SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
