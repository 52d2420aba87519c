"""2. What cannot be is refused with a message, by the API server or in the conditions."""

from pathlib import Path

import pytest
import yaml

from harness.nbkeys import ROOT
from harness.scene import condition, reason_of, status_of
from harness.wait import stays

FIXTURES = ROOT / "tests" / "fixtures" / "cel"
FILES = sorted(FIXTURES.glob("*.yaml"))


def cases(kind):
    """Fixture files by the word of their first line: expect, expect-update or accept."""
    return [pytest.param(each, id=each.stem) for each in FILES
            if each.read_text().splitlines()[0].split(":")[0] == f"# {kind}"]


def expected(path):
    return path.read_text().splitlines()[0].partition(":")[2].strip()


def documents(path):
    return [yaml.safe_dump(each) for each in yaml.safe_load_all(path.read_text()) if each]


@pytest.fixture(scope="module")
def manifests(world):
    """One namespace for all manifests, with no operator in it."""
    world.kubectl.run("create", "namespace", "e2e-manifests")
    yield world.kubectl.within("e2e-manifests")
    world.kubectl.run("delete", "namespace", "e2e-manifests", "--wait=false")


def test_02_there_are_enough_cases():
    sorted_out = [each for kind in ("expect", "expect-update", "accept") for each in cases(kind)]
    assert len(sorted_out) == len(FILES), "a fixture's first line is none of the three forms"
    assert len(cases("expect")) >= 15
    assert len(cases("expect-update")) >= 2
    assert len(cases("accept")) >= 5


@pytest.mark.parametrize("path", cases("expect"))
def test_02_bad_manifest_is_refused(manifests, path):
    done = manifests.try_apply(path.read_text(), "--validate=false", "--dry-run=server")
    assert done.returncode != 0, f"{Path(path).name} was taken"
    assert expected(path) in done.stderr, done.stderr


@pytest.mark.parametrize("path", cases("expect-update"))
def test_02_bad_change_is_refused(manifests, path):
    before, after = documents(path)
    assert manifests.try_apply(before).returncode == 0
    done = manifests.try_apply(after)
    assert done.returncode != 0, f"{Path(path).name}: the change was taken"
    assert expected(path) in done.stderr, done.stderr


@pytest.mark.parametrize("path", cases("accept"))
def test_02_good_manifest_is_taken(manifests, path):
    for text in documents(path):
        done = manifests.try_apply(text)
        assert done.returncode == 0, done.stderr


def test_02_unknown_group_stalls_and_heals(scene, operator):
    name = f"late-{scene.namespace}"
    scene.apply("waiting", autoGroups=[{"name": name}])
    found = scene.await_condition("waiting", "Stalled", "True")
    assert reason_of(found) == "GroupNotFound"
    assert name in condition(found, "Stalled")["message"]
    assert status_of(found, "Ready") == "False"
    assert status_of(found, "Reconciling") is None
    stays("no key at NetBird", lambda: not scene.keys("waiting"), 3, explain=scene.dump)
    assert not scene.posts("waiting")
    scene.group("late")
    found = scene.await_sound("waiting")
    assert status_of(found, "Stalled") is None
    assert len(scene.posts("waiting")) == 1


def test_02_unknown_group_id_stalls_and_leaves_no_key(scene, operator):
    scene.apply("waiting", autoGroups=[{"id": "c0000000000000000000"}])
    found = scene.await_condition("waiting", "Stalled", "True")
    assert "c0000000000000000000" in condition(found, "Stalled")["message"]
    assert not scene.keys("waiting")
    group = scene.group("instead")
    scene.edit("waiting", autoGroups=[{"id": group["id"]}])
    scene.await_sound("waiting")


def test_02_suspended_resource_costs_no_call(scene, operator):
    scene.apply("paused", suspend=True)
    scene.await_(
        "the reason is Suspended",
        lambda: "Suspended" in {each["reason"] for each in
                                (scene.get("paused").get("status") or {}).get("conditions", [])},
        "paused")
    assert not scene.posts("paused")
    scene.edit("paused", suspend=False)
    scene.await_sound("paused")
