"""What may be said in chat. Pure."""

import re
import unicodedata

MAX_LENGTH = 255

_INVISIBLE = {"Cf", "Cc", "Cs", "Co", "Cn"}
# Schemes, www, and bare domains: a name, a dot and something that is a top-level domain in use, however it is spelled.
_TLDS = (
    "com|net|org|info|biz|io|co|me|tv|gg|bet|casino|game|games|app|dev|xyz|top|site|online|shop|club|live|link|click|"
    "win|vip|fun|pro|space|website|store|tech|world|ly|be|ru|cn|de|uk|fr|es|it|nl|pl|pt|br|us|eu|ca|au|in|jp|kr|tr|ua|"
    "ch|at|se|no|fi|dk|cz|gr|hu|ro|mx|ar|cl|za|ai|to|cc|ws|su|onion|finance|money|cash|crypto|page|chat|email|lol|one"
)
_LINK = re.compile(
    rf"[a-z][a-z0-9+.-]*://|\bwww\s*\.|(?<![\w.])[\w-]+(?:\.[\w-]+)*\.(?:{_TLDS}|xn--[a-z0-9-]+)(?![\w-])",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """The text as it is kept: compatibility forms folded, invisible and control characters gone, trimmed."""
    folded = unicodedata.normalize("NFKC", text)
    visible = "".join(" " if char in "\n\r\t" else char for char in folded if char in "\n\r\t" or _is_visible(char))
    return visible.strip()


def _is_visible(char: str) -> bool:
    return unicodedata.category(char) not in _INVISIBLE


def has_link(text: str) -> bool:
    """Dots of other scripts count as dots: the text has been folded by `clean`, the ideographic one is folded here."""
    return _LINK.search(text.replace("。", ".").replace("・", ".")) is not None
