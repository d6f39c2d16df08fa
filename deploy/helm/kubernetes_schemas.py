"""Schemas of Kubernetes out of the package kubernetes-validate, as kubeconform reads them: FOLDER VERSION..."""

import json
import pathlib
import sys

import kubernetes_validate

packaged = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
for version in sys.argv[2:]:
    folder = pathlib.Path(sys.argv[1]) / version
    folder.mkdir(parents=True, exist_ok=True)
    for path in (packaged / f"v{version}-local-strict").glob("*.json"):
        schema = json.loads(path.read_text())
        # They refer to each other by an address; here by their files.
        schema.pop("$id", None)
        text = json.dumps(schema).replace('"/api/_definitions.json#', '"_definitions.json#')
        (folder / path.name).write_text(text)
