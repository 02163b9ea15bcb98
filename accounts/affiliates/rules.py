"""What a code may look like, and what a share may be. Pure."""

import re

# What goes through a header, a link and a spreadsheet unchanged.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}", re.ASCII)
DEFAULT_SHARE_BPS = 1_000  # a tenth of what the house gains
WHOLE = 10_000


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None
