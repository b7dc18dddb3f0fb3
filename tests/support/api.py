"""A system with a token, and docs/openapi.json, against which its answers are held."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from portal.accounts.queries import person_by_name
from portal.accounts.services import tokens
from portal.audit.services import Actor
from portal.config import ROOT
from portal.core.clock import utc_now
from portal.core.write import transaction

DESCRIBED: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
Ask = Callable[..., TestResponse]


def _actor(login: str) -> Actor:
    person = person_by_name(login)
    assert person is not None
    return Actor(person.id, person.name)


def secret(app: Flask) -> str:
    """A token that was asked for, granted and taken."""
    with app.app_context():
        now = utc_now()
        with transaction():
            made = tokens.ask_for_token("来电弹屏", "查话术", until=date(2027, 6, 30), by=_actor("demo.feng"), now=now)
            tokens.grant_token(made.id, by=_actor("demo.chen"), now=now)
            return tokens.take_token(made.id, by=_actor("demo.feng"), now=now)


def asking(app: Flask) -> Ask:
    """ask("search", q="…") as a system with a token; every answer is held against the description."""
    headers = {"Authorization": f"Bearer {secret(app)}"}

    def one(name: str, **asked: Any) -> TestResponse:
        response = app.test_client().get(f"/api/v1/{name}", query_string=asked, headers=headers)
        as_described(f"/{name}", response)
        return response

    return one


def as_described(path: str, response: TestResponse) -> None:
    """Fail where an answer is not exactly what the description says."""
    path = re.sub(r"^/articles/.*", "/articles/{number}", path)
    answers = DESCRIBED["paths"][path]["get"]["responses"]
    assert str(response.status_code) in answers, f"{path}: {response.status_code} is not described"
    described = _resolved(answers[str(response.status_code)])
    assert response.mimetype == "application/json"
    for name in described.get("headers", {}):
        assert response.headers.get(name), f"{path}: no {name}"
    faults = list(_faults(response.json, described["content"]["application/json"]["schema"], "$"))
    assert not faults, faults


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = DESCRIBED
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
KNOWN = {
    "type", "description", "properties", "required", "additionalProperties", "items", "format", "minimum", "pattern",
}  # fmt: skip


def _faults(value: Any, schema: dict[str, Any], at: str) -> Iterator[str]:
    """Where a value is not as its schema says; a schema that says more than we look at is a fault too."""
    schema = _resolved(schema)
    if unknown := set(schema) - KNOWN:
        yield f"{at}: the test does not know {unknown}"
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if not any(TYPES[name](value) for name in types):
        yield f"{at}: {value!r} is no {types}"
        return
    if isinstance(value, dict):
        yield from _faults_of_object(value, schema, at)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _faults(each, schema["items"], f"{at}[{number}]")
    elif isinstance(value, str):
        READ.get(schema.get("format", ""), str)(value)
        if not re.search(schema.get("pattern", ""), value):
            yield f"{at}: {value!r} is not like {schema['pattern']}"
    elif isinstance(value, int) and value < schema.get("minimum", value):
        yield f"{at}: {value} is too small"


READ: dict[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "date-time": lambda text: datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z"),
}


def _faults_of_object(value: dict[str, Any], schema: dict[str, Any], at: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    yield from (f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    if schema.get("additionalProperties") is False:
        yield from (f"{at}: {name} is not described" for name in value if name not in properties)
    for name, of_one in properties.items():
        if name in value:
            yield from _faults(value[name], of_one, f"{at}.{name}")
