"""Writes the contract of the events into docs/contracts/asyncapi.json: `python -m deploy.contracts`.

From 1.0.0 on it refuses what a service of the release before would get wrong (docs/decisions/0021).
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.events import EVENTS, Event

DOCUMENT = Path(__file__).parent.parent / "docs" / "contracts" / "asyncapi.json"
Contract = dict[str, Any]


def contract() -> Contract:
    """Every event as an AsyncAPI 3.0 document: a channel per topic, who sends on it and whose task receives it."""
    _, defined = models_json_schema(
        [(event, "validation") for event in EVENTS.values()], ref_template="#/components/schemas/{model}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events of the School Experience Survey",
            "version": version("ses"),
            "description": "An event is the full state of its key; a reader passes over what it does not know.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic: _channel(event) for topic, event in EVENTS.items()},
        "operations": {name: operation for event in EVENTS.values() for name, operation in _operations(event).items()},
        "components": {
            "messages": {event.__name__: _message(event) for event in EVENTS.values()},
            "schemas": defined["$defs"],
        },
    }


def _channel(event: type[Event]) -> Contract:
    name = event.__name__
    return {"address": event.topic, "messages": {name: {"$ref": f"#/components/messages/{name}"}}}


def _operations(event: type[Event]) -> Contract:
    channel = {"$ref": f"#/channels/{event.topic}"}
    sends = {event.topic: {"action": "send", "channel": channel, "tags": [{"name": event.publisher()}]}}
    receives = {
        task: {"action": "receive", "channel": channel, "tags": [{"name": subscriber}]}
        for subscriber, task in event.subscribers.items()
    }
    return sends | receives


def _message(event: type[Event]) -> Contract:
    name = event.__name__
    summary = (event.__doc__ or "").partition("\n")[0]
    return {"name": name, "summary": summary, "payload": {"$ref": f"#/components/schemas/{name}"}}


def breaking(before: Contract, now: Contract) -> list[str]:
    """What services of the two contracts would get wrong of each other, a sentence each.

    A topic or a task that is gone, and, where the event's schema version did not grow, a field or a row's cell that is
    gone, has another form or must be there although the release before does not write it.
    """
    found = []
    for topic in before["channels"]:
        if topic not in now["channels"]:
            found.append(f"{topic} is gone: keep it until no release publishes it")
    for name in before["operations"]:
        if name not in now["operations"]:
            found.append(f"the task {name} is gone: the release before sends to it")
    schemas_before, schemas_now = before["components"]["schemas"], now["components"]["schemas"]
    newer = {
        name
        for name in schemas_now
        if _schema_version(schemas_now[name]) > _schema_version(schemas_before.get(name, {}))
    }
    for name, schema in schemas_before.items():
        if name in schemas_now and name not in newer:
            found += [f"{name}: {what}" for what in _changes(schema, schemas_now[name])]
    return found


def _schema_version(schema: Contract) -> int:
    return int(schema.get("properties", {}).get("schema_version", {}).get("default", 0))


def _changes(before: Contract, now: Contract) -> list[str]:
    if "prefixItems" in before:
        return _changed_cells(before, now)
    then, today = before.get("properties", {}), now.get("properties", {})
    required = set(now.get("required", [])) - set(before.get("required", []))
    return [
        *(f"the field {field} is gone" for field in then if field not in today),
        *(
            f"the field {field} has another form"
            for field in then
            if field in today and _form(then[field]) != _form(today[field])
        ),
        *(f"the field {field} needs a default: the release before does not write it" for field in sorted(required)),
    ]


def _changed_cells(before: Contract, now: Contract) -> list[str]:
    then, today = before["prefixItems"], now.get("prefixItems", [])
    found = []
    if [_form(cell) for cell in today[: len(then)]] != [_form(cell) for cell in then]:
        found.append("a cell of the row moved, is gone or has another form: add cells at the end")
    if now.get("minItems", 0) > before["minItems"]:
        found.append("a cell of the row needs a default: the release before does not write it")
    return found


def _form(schema: Contract) -> Contract:
    """What counts of a field: a default or a description may change."""
    return {name: value for name, value in schema.items() if name not in ("default", "description", "examples")}


def text_of(document: Contract) -> str:
    """The document as it is kept."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Writes the contract; from 1.0.0 on not where it breaks the one that is kept."""
    now = contract()
    before = json.loads(DOCUMENT.read_text()) if DOCUMENT.exists() else now
    broken = breaking(before, now)
    print("\n".join(broken), file=sys.stderr, end="\n" if broken else "")
    if broken and not before["info"]["version"].startswith("0."):
        print("Not written. Add with a default, or raise schema_version and read both forms.", file=sys.stderr)
        return 1
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(text_of(now))
    return 0


if __name__ == "__main__":
    sys.exit(main())
