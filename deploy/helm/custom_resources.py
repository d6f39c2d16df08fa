"""Schemas of custom resources, as kubeconform reads them, of their definitions: FOLDER DEFINITION...; unknown fields are refused."""

import json
import pathlib
import sys

import yaml


def strict(schema):
    if isinstance(schema, dict):
        is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
        if "properties" in schema and not is_open:
            schema["additionalProperties"] = False
        # A number or a text: OpenAPI says it by a field of its own.
        if schema.pop("x-kubernetes-int-or-string", False):
            schema.pop("type", None)
        for value in schema.values():
            strict(value)
    elif isinstance(schema, list):
        for value in schema:
            strict(value)


folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for path in sys.argv[2:]:
    definition = yaml.safe_load(pathlib.Path(path).read_text())["spec"]
    kind, group = definition["names"]["kind"].lower(), definition["group"].split(".")[0]
    for version in definition["versions"]:
        schema = version["schema"]["openAPIV3Schema"]
        strict(schema)
        # Of what every object has.
        schema["properties"]["metadata"] = {"type": "object"}
        (folder / f"{kind}-{group}-{version['name']}.json").write_text(json.dumps(schema))
