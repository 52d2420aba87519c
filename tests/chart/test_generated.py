"""What is made of other files is current, and values.yaml and its schema know the same names."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from chart import CHART, HERE, ROOT

GENERATE = ROOT / "helm" / "generate.py"
sys.path.insert(0, str(GENERATE.parent))
import generate  # noqa: E402  (it is a script that lives beside the chart)

SCHEMA = json.loads((CHART / "values.schema.json").read_text())


def test_generated_files_are_current():
    done = subprocess.run([sys.executable, GENERATE, "--check"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_value_without_a_description_is_noticed():
    text = "a:\n  # only a comment\n  b: 1\n"
    with pytest.raises(generate.Undescribed, match=r"values.yaml:3: a\.b has no"):
        list(generate.described(text))


def test_every_value_is_described():
    text = (CHART / "values.yaml").read_text()
    names = [name for name, _ in generate.described(text)]
    assert len(names) == len(set(names)) > 100
    for top in yaml.safe_load(text):
        assert any(name == top or name.startswith(f"{top}.") for name in names), top


def test_the_crd_in_the_chart_is_the_crd():
    copies = {path.name: path.read_text() for path in (CHART / "files" / "crds").iterdir()}
    assert copies == {path.name: path.read_text() for path in (ROOT / "crds").glob("*.yaml")}


def test_the_chart_has_the_version_of_the_program():
    version = re.search(r"project\(nbkeys VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == version


def resolved(node):
    while "$ref" in node:
        node = SCHEMA["$defs"][node["$ref"].rpartition("/")[2]]
    return node


def schema_objects(node, place="", seen=()):
    """(place, node) of every object in the schema."""
    node = resolved(node)
    if node in seen:
        return
    if node.get("type") == "object":
        yield place, node
    for name, child in node.get("properties", {}).items():
        yield from schema_objects(child, f"{place}.{name}", (*seen, node))
    for child in ([node["items"]] if "items" in node else []) + node.get("anyOf", []):
        yield from schema_objects(child, f"{place}[]", (*seen, node))


def test_the_schema_is_closed_at_every_level():
    """An open object must be a map of one type, or an object that Kubernetes itself defines."""
    found = list(schema_objects(SCHEMA))
    assert len(found) > 60
    for place, node in found:
        closed = node.get("additionalProperties") is False and node.get("properties")
        typed_map = isinstance(node.get("additionalProperties"), dict)
        of_kubernetes = node == SCHEMA["$defs"]["object"]
        assert closed or typed_map or of_kubernetes or place == ".global", place


def test_values_and_schema_have_the_same_names():
    """Down to where a value is a map, a list, or described as a whole."""
    text = (CHART / "values.yaml").read_text()
    whole = {name for name, _ in generate.described(text)}

    def compare(values, node, name):
        node = resolved(node)
        if name in whole or "properties" not in node:
            return
        assert set(values) == set(node["properties"]), name or "top level"
        for key, value in values.items():
            compare(value, node["properties"][key], f"{name}.{key}".lstrip("."))

    compare(yaml.safe_load(text), SCHEMA, "")


def test_everything_yaml_leaves_no_value_out():
    """So that the server dry-run of it is a dry-run of every feature."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    everything = yaml.safe_load((HERE / "values" / "everything.yaml").read_text())
    # Names have a file of their own, and the rest has its best value already.
    elsewhere = {"global", "nameOverride", "fullnameOverride", "namespaceOverride",
                 "revisionHistoryLimit", "securityContext", "helmTest"}
    assert set(values) - set(everything) == elsewhere
