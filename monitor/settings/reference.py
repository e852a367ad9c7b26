"""What can be configured, from the models themselves: the JSON Schema and the operator's table of keys.

`python -m monitor.settings.reference` rewrites `config/schema.json` and the table in
`config/README.md`; a test says when they are stale.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.settings.model import Settings
from monitor.settings.whole import WHOLE

BEGIN, END = "<!-- keys: begin -->", "<!-- keys: end -->"
ONE_KIND = ("MetricSource", "Alert")
"""Sections of which exactly one key is written."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key an operator may write; `default` is "" where it must be written, `null` where there is none."""

    path: str
    type: str
    default: str
    meaning: str


def schema(model: type[Settings] = WHOLE) -> dict[str, Any]:
    """JSON Schema (2020-12) of a configuration file."""
    found = model.model_json_schema(by_alias=True)
    for name in ONE_KIND:
        found["$defs"][name] |= {"minProperties": 1, "maxProperties": 1}
    top = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of migration-monitor",
    }
    return {**found, **top}


def all_keys(model: type[Settings] = WHOLE) -> Iterator[Key]:
    """Every key, in the order of the models; `<name>` stands for a name of the operator's."""
    found = schema(model)
    yield from _section(found, found, "")


def _section(whole: Mapping[str, Any], section: Mapping[str, Any], path: str) -> Iterator[Key]:
    for name, value in section.get("properties", {}).items():
        here = f"{path}.{name}".lstrip(".")
        inner, suffix = _inside(whole, value)
        if inner is not None:
            yield from _section(whole, inner, here + suffix)
        else:
            required = name in section.get("required", ())
            yield Key(here, _type(value), "" if required else _default(value), value.get("description", ""))


def _inside(whole: Mapping[str, Any], value: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, str]:
    """The section that a key, a mapping of names or a list holds, and how its place is written."""
    if "$ref" in value:
        found: Mapping[str, Any] = whole["$defs"][value["$ref"].rpartition("/")[2]]
        return found, ""
    if "anyOf" in value:
        inner = [_inside(whole, option)[0] for option in value["anyOf"]]
        return next((i for i in inner if i is not None), None), ""
    if value.get("type") == "array":
        return _inside(whole, value["items"])[0], "[]"
    names = value.get("additionalProperties") or next(iter(value.get("patternProperties", {}).values()), None)
    return (_inside(whole, names)[0], ".<name>") if isinstance(names, Mapping) else (None, "")


def _type(value: Mapping[str, Any]) -> str:
    if "x-type" in value:
        return str(value["x-type"])
    if "enum" in value:
        return " / ".join(f"`{choice}`" for choice in value["enum"])
    if "anyOf" in value:
        return next(_type(option) for option in value["anyOf"] if option.get("type") != "null")
    if value.get("type") == "array":
        return f"list of {_type(value['items'])}"
    return {"object": "mapping", "string": "text"}[value["type"]]


def _default(value: Mapping[str, Any]) -> str:
    default = value.get("default")
    return default if isinstance(default, str) else json.dumps(default)


def table() -> str:
    """The keys as a Markdown table."""
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for key in all_keys():
        default = (
            f"`{key.default}`" if key.default not in {"", "null"} else "required" if not key.default else ""
        )
        rows.append(f"| `{key.path}` | {key.type} | {default} | {key.meaning} |")
    return "\n".join(rows)


def rewrite(config: Path) -> None:
    """Brings `schema.json` and `README.md` in the folder up to date."""
    (config / "schema.json").write_text(schema_text())
    readme = config / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}")


def schema_text() -> str:
    """The schema as it is written to its file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    rewrite(Path("config"))
