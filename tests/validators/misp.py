"""Checks MISP events, one a line, with the public schema and the reference library: misp.py FILE."""

import copy
import json
import pathlib
import sys

import jsonschema
import pymisp

schema = json.loads((pathlib.Path(pymisp.__file__).parent / "data/schema.json").read_text())
events = [json.loads(line) for line in pathlib.Path(sys.argv[1]).read_text().splitlines()]
for event in events:
    jsonschema.validate(event, schema)
    read = pymisp.MISPEvent()
    read.load(copy.deepcopy(event))
    # Types against categories.
    for attribute in event["Event"]["Attribute"]:
        checked = pymisp.MISPAttribute()
        checked.from_dict(**{key: attribute[key] for key in ("type", "category", "value", "to_ids", "comment")})
    assert len(read.attributes) == len(event["Event"]["Attribute"])
print(len(events), "events")
