"""Argo CD's action `rotate`: where it is offered, and the patch that it makes."""

import copy
import re
import time
from calendar import timegm

import pytest
import yaml

from judge import DISCOVERY, OBJECTS, ROTATE, collected, judge

ROTATE_ANNOTATION = "keys.netbird.io/rotate"

# Where a rotation could do nothing, or one that was asked for is not answered yet.
NOT_OFFERED = {"rotating", "revoked", "revoked-before-its-first-key", "suspended",
               "suspended-before-its-first-key", "deleting", "deletion-blocked",
               "revocation-blocked"}


def acted(path):
    return judge("actions", DISCOVERY, ROTATE, path)[0]


@pytest.mark.parametrize("name", sorted(path.stem for path in OBJECTS.glob("*.yaml")))
def test_offered_where_it_does_something(name):
    offered = acted(OBJECTS / f"{name}.yaml")["offered"]
    assert list(offered) == ["rotate"]
    assert offered["rotate"]["disabled"] is (name in NOT_OFFERED)


@pytest.mark.parametrize("name", sorted(path.stem for path in OBJECTS.glob("*.yaml")))
def test_the_patch_is_one_annotation_of_the_present_time(name):
    patch = acted(OBJECTS / f"{name}.yaml")["patch"]
    value = patch["metadata"]["annotations"].pop(ROTATE_ANNOTATION)
    # Nothing else, although Lua cannot tell the many empty maps of an object from empty lists.
    assert patch == {"metadata": {"annotations": {}}}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value)
    assert abs(timegm(time.strptime(value, "%Y-%m-%dT%H:%M:%SZ")) - time.time()) < 60


def test_an_answered_rotation_is_offered_again():
    found = collected("rotated")
    asked = found["metadata"]["annotations"][ROTATE_ANNOTATION]
    assert asked == found["status"]["lastHandledRotate"]
    assert acted(OBJECTS / "rotated.yaml")["offered"]["rotate"]["disabled"] is False


def test_a_bare_object_is_no_error(tmp_path):
    bare = copy.deepcopy(collected("issued"))
    for part in ("status", "spec"):
        bare.pop(part)
    bare["metadata"] = {"name": "bare"}
    path = tmp_path / "bare.yaml"
    path.write_text(yaml.safe_dump(bare), encoding="utf-8")
    found = acted(path)
    assert found["offered"]["rotate"]["disabled"] is False
    assert list(found["patch"]["metadata"]["annotations"]) == [ROTATE_ANNOTATION]
