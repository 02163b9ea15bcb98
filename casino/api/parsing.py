"""The body of a call: JSON that is text from end to end, so that whatever is said of it can be said in an answer."""

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.utils.json import strict_constant


class ExactJSONParser(JSONParser):
    """
    Also no JSON: what is nested deeper than Python goes, and half of a pair of surrogates (`"\\ud800"`), which is no
    character and can be neither answered nor kept. Always UTF-8, as JSON is, whatever charset the request names.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            text = stream.read().decode()
            found = json.loads(text, parse_constant=strict_constant)
            if "\\ud" in text.lower():
                json.dumps(found, ensure_ascii=False).encode()
        except UnicodeError:
            raise ParseError("JSON parse error - not text in UTF-8") from None
        except RecursionError:
            raise ParseError("JSON parse error - nested too deep") from None
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from None
        return found
