"""
The OpenAPI document as a Postman collection (v2.1), whose requests sign themselves. Pure.

Import it, set `apiKey` and `signingSecret`, send. The script below signs as `casino.api.signing` checks (version 2).
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from casino.api.schema import METHODS, moves_money

Json = dict[str, Any]
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
NAMESPACE = "7d0f6a52-6a1e-4f0e-9d0c-2f4f7c1b9e10"  # of the collection, so that a second import replaces the first

# Headers of the document that the script fills in, or that tools keep for themselves.
_SIGNED = ("X-Timestamp", "X-Signature", "X-Signature-Version", "Idempotency-Key")

SIGN = r"""
// Signs every call that can move money: X-Signature-Version 2, over timestamp, method, path with query, and body.
const signed = pm.request.headers.has("X-Signature-Version");
if (signed) {
  const body = pm.variables.replaceIn((pm.request.body && pm.request.body.raw) || "");
  const target = pm.variables.replaceIn(pm.request.url.getPathWithQuery());
  const timestamp = Math.floor(Date.now() / 1000).toString();
  const hash = CryptoJS.SHA256(body).toString(CryptoJS.enc.Hex);
  const text = [timestamp, pm.request.method.toUpperCase(), target, hash].join("\n");
  const secret = pm.variables.get("signingSecret");
  const signature = CryptoJS.HmacSHA256(text, secret).toString(CryptoJS.enc.Hex);
  const set = (key, value) => pm.request.headers.upsert({ key, value });
  set("X-Timestamp", timestamp);
  set("X-Signature", signature);
  set("X-Signature-Version", "2");
  // A name of your own, set in the variable `idempotencyKey`, repeats a call; otherwise each one is new.
  set("Idempotency-Key", pm.variables.get("idempotencyKey") || pm.variables.replaceIn("{{$guid}}"));
  if (body) {
    pm.request.body.raw = body;  // what was signed is what is sent
  }
}
""".strip()


def collection(document: Mapping[str, Any]) -> Json:
    """A folder by tag, a request by operation, in the order of the document."""
    info = document["info"]
    folders: dict[str, Json] = {
        tag["name"]: {"name": tag["name"], "description": tag.get("description", ""), "item": []}
        for tag in document.get("tags", ())
    }
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                name = methods[method]["tags"][0]
                folder = folders.setdefault(name, {"name": name, "item": []})
                folder["item"].append(_item(path, method, methods[method]))
    return {
        "info": {
            "_postman_id": NAMESPACE,
            "name": info["title"],
            "description": info.get("description", ""),
            "version": info["version"],
            "schema": SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{apiKey}}", "type": "string"}]},
        "event": [{"listen": "prerequest", "script": {"type": "text/javascript", "exec": SIGN.split("\n")}}],
        "variable": [
            {"key": "baseUrl", "value": "http://127.0.0.1:8000", "type": "string"},
            {"key": "apiKey", "value": "ck_test_…", "type": "string"},
            {"key": "signingSecret", "value": "", "type": "string"},
            {"key": "idempotencyKey", "value": "", "type": "string"},
        ],
        "item": [folder for folder in folders.values() if folder["item"]],
    }


def _item(path: str, method: str, operation: Mapping[str, Any]) -> Json:
    parameters = operation.get("parameters", [])
    request: Json = {
        "method": method.upper(),
        "description": operation.get("description", ""),
        "header": _headers(operation),
        "url": _url(path, [given for given in parameters if given["in"] in ("path", "query")]),
    }
    if not operation["security"]:
        request["auth"] = {"type": "noauth"}
    body = _example(operation.get("requestBody", {}).get("content", {}).get("application/json", {}))
    if body is not None:
        text = json.dumps(body, indent=2, ensure_ascii=False)
        request["body"] = {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    return {
        "name": operation["summary"],
        "id": operation["operationId"],
        "request": request,
        "response": _responses(request, operation["responses"]),
    }


def _headers(operation: Mapping[str, Any]) -> list[Json]:
    """The version of the signature stands for "sign this": the script adds what it signs with."""
    headers = []
    for given in operation.get("parameters", ()):
        if given["in"] == "header" and given["name"] not in _SIGNED:
            about = given.get("description", "")
            headers.append({"key": given["name"], "value": "", "description": about, "disabled": True})
    can_move = moves_money(operation) or any(p["name"] == "X-Signature" for p in operation.get("parameters", ()))
    if can_move:
        headers.append({"key": "X-Signature-Version", "value": "2", "description": "signed by the collection's script"})
    if "requestBody" in operation:
        headers.append({"key": "Content-Type", "value": "application/json"})
    return headers


def _url(path: str, parameters: list[Mapping[str, Any]]) -> Json:
    shown = re.sub(r"\{(\w+)\}", r":\1", path)
    query = [
        {
            "key": given["name"],
            "value": _value(given),
            "description": given.get("description", ""),
            "disabled": not given.get("required", False),
        }
        for given in parameters
        if given["in"] == "query"
    ]
    variables = [
        {"key": given["name"], "value": _value(given), "description": given.get("description", "")}
        for given in parameters
        if given["in"] == "path"
    ]
    sent = "&".join(f"{each['key']}={each['value']}" for each in query if not each["disabled"])
    url: Json = {
        "raw": "{{baseUrl}}" + shown + (f"?{sent}" if sent else ""),
        "host": ["{{baseUrl}}"],
        "path": shown.strip("/").split("/"),
    }
    if query:
        url["query"] = query
    if variables:
        url["variable"] = variables
    return url


def _value(given: Mapping[str, Any]) -> str:
    schema = given.get("schema", {})
    if "default" in schema:
        return str(schema["default"])
    samples = {"date": "2026-11-21", "uuid": "01980f3e-6a5c-7c3e-9d0e-7f3b1c2d4e5f"}
    named = {"game": "BigPanda", "user": "p-1", "external_id": "p-1"}
    return named.get(given["name"]) or samples.get(schema.get("format", ""), "")


def _example(content: Mapping[str, Any]) -> Any:
    return next((example["value"] for example in content.get("examples", {}).values() if "value" in example), None)


def _responses(request: Json, responses: Mapping[str, Any]) -> list[Json]:
    """What is answered when all is well, to look at before anything is sent."""
    found = []
    for status, response in responses.items():
        content = response.get("content", {}).get("application/json", {})
        value = _example(content)
        if int(status) < 300 and value is not None:
            found.append(
                {
                    "name": response["description"],
                    "originalRequest": request,
                    "code": int(status),
                    "status": response["description"],
                    "_postman_previewlanguage": "json",
                    "header": [{"key": "Content-Type", "value": "application/json"}],
                    "body": json.dumps(value, indent=2, ensure_ascii=False),
                }
            )
    return found
