"""2. What cannot be is refused with a message, by the API server or in the conditions."""

import copy
from pathlib import Path

import pytest
import yaml

from harness.nbkeys import ROOT
from harness.scene import condition, reason_of, status_of
from harness.wait import stays, until
from harness.world import CRD

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


# What each of the newer rules would refuse today.
OLDER = {
    "label": {"secretTemplate": {"labels": {"owner": "helm"}}},
    "annotation": {"secretTemplate": {"annotations": {"replicator.v1.mittwald.de/x": ""}}},
    "type": {"secretTemplate": {"type": "helm.sh/release.v1"}},
    "name": {"secretName": "sh.helm.release.v1.web.v1"},
    "data": {"secretTemplate": {"data": {f"d{i}": "x" * 8192 for i in range(9)}}},
    "annotations": {"secretTemplate": {"annotations": {f"a{i}": "x" * 2048 for i in range(9)}}},
    "interval": {"rotation": {"interval": "30s"}},
    "renew-before": {"expiresIn": "24h", "rotation": {"renewBefore": "23h30m"}},
    "percentage": {"expiresIn": "24h", "rotation": {"renewBeforePercentage": 99}},
    "basic-auth": {"secretTemplate": {"type": "kubernetes.io/basic-auth"}},
    "ssh-auth": {"secretTemplate": {"type": "kubernetes.io/ssh-auth"}},
    "tls": {"secretTemplate": {"type": "kubernetes.io/tls"}},
    "docker": {"secretTemplate": {"type": "kubernetes.io/dockerconfigjson"}},
}


def without_rules(schema):
    if isinstance(schema, list):
        return [without_rules(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: without_rules(value) for key, value in schema.items()
            if key != "x-kubernetes-validations"}


@pytest.fixture(scope="module")
def older(manifests):
    """Objects of a kind with the CRD's schema, made while it had no rules; now it has them."""
    crd = yaml.safe_load(CRD.read_text())
    crd["metadata"]["name"] = "oldersetupkeys.keys.netbird.io"
    crd["spec"]["names"] = {"kind": "OlderSetupKey", "plural": "oldersetupkeys"}
    crd_before = copy.deepcopy(crd)
    crd_before["spec"] = without_rules(crd["spec"])
    manifests.apply(crd_before)
    manifests.run("wait", "--for=condition=Established", "--timeout=30s",
                  f"crd/{crd['metadata']['name']}")
    made = [{"apiVersion": "keys.netbird.io/v1alpha1", "kind": "OlderSetupKey",
             "metadata": {"name": name, "finalizers": ["example.com/hold"]}, "spec": spec}
            for name, spec in OLDER.items()]
    manifests.create(*made)
    manifests.apply(crd)
    again = copy.deepcopy(made[-1])
    again["metadata"]["name"] = "newer"
    until("the rules are in force", lambda: manifests.try_apply(
        yaml.safe_dump(again), "--dry-run=server").returncode != 0)
    yield manifests
    for each in made:
        manifests.patch("oldersetupkeys", each["metadata"]["name"],
                        {"metadata": {"finalizers": None}})
    manifests.run("delete", "crd", crd["metadata"]["name"])


@pytest.mark.parametrize("name", OLDER)
def test_02_what_was_made_before_a_rule_can_still_be_ended(older, name):
    def patch(change, *words):
        older.patch("oldersetupkeys", name, change, *words)
    patch({"status": {"observedGeneration": 1, "state": "valid"}}, "--subresource=status")
    patch({"metadata": {"finalizers": ["example.com/hold", "keys.netbird.io/setup-key"]}})
    patch({"spec": {"suspend": True}})
    patch({"spec": {"suspend": False, "revoked": True}})
    patch({"status": {"state": "revoked"}}, "--subresource=status")
    found = older.run("get", "oldersetupkeys", name, "--output=jsonpath={.status.state}")
    assert found == "revoked"


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
