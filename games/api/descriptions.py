"""The API described for programs. Each document is made once per process and may be kept for an hour."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from casino.api import caching, docs, postman
from games.api.views import PublicView
from games.solo import asyncapi

Json = dict[str, Any]


@cache
def openapi() -> Json:
    document: Json = SchemaGenerator().get_schema(request=None, public=True)
    return document


def kept(request: Request, document: Json) -> Response:
    return caching.cacheable(request, document, seconds=caching.GAME_METADATA)


def described(operation_id: str, summary: str, about: str, example: Json) -> Any:
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        tags=["About"],
        auth=[],
        parameters=[docs.IF_NONE_MATCH],
        responses={
            200: OpenApiResponse(OpenApiTypes.OBJECT, description=about),
            **docs.NOT_MODIFIED,
            **docs.problems(public=True),
        },
        examples=[docs.example("the beginning", example)],
    )


class PostmanCollection(PublicView):
    @described(
        "postman", "A Postman collection that signs", "Postman 2.1", {"info": {"schema": postman.SCHEMA}, "item": []}
    )
    def get(self, request: Request) -> Response:
        return kept(request, postman.collection(openapi()))


class AsyncApiDocument(PublicView):
    @described("asyncapi", "The sockets, described", "AsyncAPI 3.0", {"asyncapi": "3.0.0", "info": {}, "channels": {}})
    def get(self, request: Request) -> Response:
        return kept(request, asyncapi.document())


class OpenApiDocument(PublicView):
    @described("openapi", "This description", "OpenAPI 3.1", {"openapi": "3.1.0", "info": {}, "paths": {}})
    def get(self, request: Request) -> Response:
        return kept(request, openapi())
