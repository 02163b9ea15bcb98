"""The keys in the OpenAPI document: either header carries one."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.partners.authentication.KeyAuthentication"
    name = ["bearerKey", "headerKey"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        about = "Your key, `ck_test_…` (demo money) or `ck_live_…`. Scopes are named at each operation."
        return [
            {"type": "http", "scheme": "bearer", "description": about},
            {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": about},
        ]
