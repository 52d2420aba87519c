"""Argo CD and Flux, by their own libraries, on live objects: what they show, and no drift."""

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from harness.nbkeys import ROOT
from harness.rules import netbird_error
from harness.scene import setup_key, status_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gitops"))

from judge import DISCOVERY, ROTATE, judge  # noqa: E402
from watcher import Watcher  # noqa: E402

ALL = (".*", "^/api/")
POST = ("POST", "^/api/setup-keys$")
MARKS_OF_ARGO = {"annotations": {"argocd.argoproj.io/tracking-id": "keys:keys.netbird.io/SetupKey"},
                 "labels": {"app.kubernetes.io/instance": "keys"}}


def watched(scene, name):
    return Watcher(scene.kubectl, name)


def stays_current(watcher, since=0):
    """Neither tool has shown anything but a working key."""
    assert watcher.flux(since) == ["Current"], watcher.told()
    assert watcher.argo(since) == ["Healthy"], watcher.told()


def rotated(watcher, revision, since):
    """Waits until that revision is in use and none is being issued. Returns that state's number."""
    return watcher.await_(
        f"end of the rotation to {revision}",
        lambda line: line["revision"] == revision and "Rotating" not in line["conditions"], since)


# What Argo CD and Flux show

def test_19_issue(scene, operator):
    with watched(scene, "fleet") as seen:
        scene.apply("fleet")
        seen.await_flux("Current")
        assert seen.flux() == ["InProgress", "Current"], seen.told()
        assert seen.argo() == ["Progressing", "Healthy"], seen.told()


def test_19_a_routine_rotation_does_not_show(scene, operator):
    scene.ready("fleet", rotation={"overlap": "1s"})
    with watched(scene, "fleet") as seen:
        scene.kubectl.annotate("setupkey", "fleet", rotate="one")
        end = rotated(seen, 2, 0)
        # To the very end: the old key is retired.
        scene.await_only_key("fleet", scene.get("fleet")["status"]["keyID"])
        scene.await_sound("fleet")
        stays_current(seen)
        assert any("Rotating" in line["conditions"] for line in seen.lines[:end]), seen.told()
        assert {line["revision"] for line in seen.lines} == {1, 2}


def test_19_rotations_by_time_do_not_show(scene, operator):
    scene.ready("fleet", rotation={"interval": "1h", "overlap": "1s"})
    with watched(scene, "fleet") as seen:
        for revision in (2, 3):
            # As if the key in use had been issued so early that it is due in three seconds.
            issued = datetime.fromisoformat(scene.get("fleet")["status"]["issuedAt"])
            issued -= timedelta(minutes=59, seconds=57)
            scene.kubectl.patch("setupkey", "fleet", {
                "status": {"issuedAt": issued.strftime("%Y-%m-%dT%H:%M:%SZ")}},
                "--subresource=status")
            rotated(seen, revision, 0)
        stays_current(seen)


def test_19_a_rotation_by_usage_does_not_show(scene, operator):
    scene.ready("fleet", usageLimit=2, rotation={"overlap": "1s", "usagePercent": 50})
    with watched(scene, "fleet") as seen:
        scene.enrol("fleet", scene.secret_key("fleet")).await_enrolled(scene.netbird)
        rotated(seen, 2, 0)
        scene.await_sound("fleet")
        stays_current(seen)


def test_19_a_rotation_with_trouble_does_not_show(scene, operator):
    """NetBird fails, and then the operator dies in the middle: the old key works all the time."""
    scene.ready("fleet", rotation={"overlap": "1s"})
    with watched(scene, "fleet") as seen:
        fails = scene.netbird_proxy.rule(*POST, times=1, **netbird_error(500))
        scene.kubectl.annotate("setupkey", "fleet", rotate="one")
        fails.await_fired()
        kills = scene.netbird_proxy.rule(*POST, answered=operator.strike, lose_answer=True)
        kills.await_fired(60)
        operator.await_struck()
        operator.start()
        scene.await_("a later revision", lambda: scene.get("fleet")["status"]["revision"] > 1)
        scene.await_sound("fleet")
        stays_current(seen)


def test_19_a_short_outage_does_not_show(scene):
    # Up to three resyncs old, the last list still vouches for the key.
    scene.operator("--resync=4s").start()
    scene.ready("fleet")
    with watched(scene, "fleet") as seen:
        refused = scene.netbird_proxy.rule(*ALL, times=None, **netbird_error(401, "token invalid"))
        refused.await_fired()
        scene.netbird_proxy.clear()
        scene.kubectl.annotate("setupkey", "fleet", rotate="after")
        rotated(seen, 2, 0)
        stays_current(seen)


def test_19_a_start_in_an_outage_does_not_show(scene):
    operator = scene.operator("--resync=20s").start()
    scene.ready("fleet")
    operator.stop()
    with watched(scene, "fleet") as seen:
        down = scene.netbird_proxy.rule(*ALL, times=None, **netbird_error(503))
        operator.launch()
        down.await_fired()
        scene.netbird_proxy.clear()
        scene.kubectl.annotate("setupkey", "fleet", rotate="after")
        rotated(seen, 2, 0)
        stays_current(seen)


def test_19_a_changed_spec_is_in_progress_until_it_is_met(scene, operator):
    scene.ready("fleet", rotation={"overlap": "0"})
    with watched(scene, "fleet") as seen:
        seen.await_flux("Current")
        scene.edit("fleet", usageLimit=7)
        seen.await_flux("Current", seen.await_flux("InProgress"))
        scene.await_sound("fleet")
        assert seen.flux() == ["Current", "InProgress", "Current"], seen.told()
        assert seen.argo() == ["Healthy", "Progressing", "Healthy"], seen.told()


def test_19_revocation_and_back(scene, operator):
    scene.ready("fleet")
    with watched(scene, "fleet") as seen:
        seen.await_flux("Current")
        scene.edit("fleet", revoked=True)
        end = seen.await_("revocation",
                          lambda line: line["conditions"].get("Ready") == "True Revoked")
        scene.await_condition("fleet", "Ready", "True", "Revoked")
        assert seen.flux() == ["Current", "InProgress", "Current"], seen.told()
        scene.edit("fleet", revoked=False)
        rotated(seen, 2, end)
        seen.await_flux("Current", seen.await_flux("InProgress", end))
        assert "Failed" not in seen.flux() and "Degraded" not in seen.argo(), seen.told()


def test_19_revocation_by_somebody_else_fails_until_it_is_healed(scene, operator):
    found = scene.ready("fleet")
    with watched(scene, "fleet") as seen:
        seen.await_flux("Current")
        scene.netbird.revoke_key(found["status"]["keyID"])
        failed = seen.await_flux("Failed")
        assert seen.flux() == ["Current", "Failed"], seen.told()
        assert seen.argo() == ["Healthy", "Degraded"], seen.told()
        scene.kubectl.annotate("setupkey", "fleet", rotate="heal")
        seen.await_flux("Current", failed)
        assert seen.flux(failed) in (["Failed", "InProgress", "Current"], ["Failed", "Current"])
        assert seen.lines[-1]["argo"] == "Healthy"


def test_19_a_missing_group_fails_and_heals(scene, operator):
    with watched(scene, "fleet") as seen:
        scene.apply("fleet", autoGroups=[{"name": f"late-{scene.namespace}"}])
        failed = seen.await_flux("Failed")
        assert seen.flux() == ["InProgress", "Failed"], seen.told()
        assert seen.argo() == ["Progressing", "Degraded"], seen.told()
        assert seen.lines[failed]["conditions"]["Stalled"] == "True GroupNotFound"
        assert f"late-{scene.namespace}" in seen.lines[failed]["fluxMessage"]
        scene.group("late")
        seen.await_flux("Current", failed)
        assert seen.flux(failed) == ["Failed", "InProgress", "Current"], seen.told()
        assert seen.argo(failed) == ["Degraded", "Progressing", "Healthy"], seen.told()


def test_19_a_refused_token_fails_and_heals(scene, operator):
    refused = scene.netbird_proxy.rule(*ALL, times=None, **netbird_error(401, "token invalid"))
    refused.await_fired()
    with watched(scene, "fleet") as seen:
        scene.apply("fleet")
        failed = seen.await_flux("Failed")
        assert seen.lines[failed]["conditions"]["Stalled"] == "True AccountNotReady"
        assert seen.argo() == ["Progressing", "Degraded"], seen.told()
        scene.netbird_proxy.clear()
        seen.await_flux("Current", failed, 90)
        assert seen.flux(failed)[-1] == "Current" and seen.argo(failed)[-1] == "Healthy"
        assert "Terminating" not in seen.flux()


def test_19_deletion(scene, operator):
    scene.ready("fleet")
    with watched(scene, "fleet") as seen:
        down = scene.netbird_proxy.rule(*ALL, times=None, **netbird_error(503))
        scene.kubectl.delete("setupkey", "fleet")
        down.await_fired()
        blocked = seen.await_("DeletionBlocked", lambda line: line["conditions"].get("Ready")
                              == "False DeletionBlocked", timeout=60)
        # Stalled, and yet neither tool takes a deletion that waits for a failure.
        assert seen.lines[blocked]["flux"] == "Terminating"
        assert seen.lines[blocked]["argo"] == "Progressing"
        scene.netbird_proxy.clear()
        gone = seen.await_("end", lambda line: line["event"] == "DELETED", blocked, 90)
        assert seen.flux()[-1] == "Terminating" and seen.flux() in (
            ["Current", "Terminating"], ["Terminating"]), seen.told()
        assert set(seen.argo(blocked)) == {"Progressing"}
        assert gone == len(seen.lines) - 1


def test_19_suspended(scene, operator):
    scene.ready("fleet")
    with watched(scene, "fleet") as seen:
        seen.await_flux("Current")
        scene.edit("fleet", suspend=True)
        paused = seen.await_("suspension", lambda line: line["argo"] == "Suspended")
        scene.edit("fleet", suspend=False)
        seen.await_("the end of it", lambda line: line["argo"] == "Healthy", paused)
        assert set(seen.flux()) <= {"Current", "InProgress"}, seen.told()


def test_19_the_action_of_argo_cd_rotates(scene, operator, tmp_path):
    scene.ready("fleet", rotation={"overlap": "1s"})

    def action():
        path = tmp_path / "fleet.yaml"
        path.write_text(scene.kubectl.run("get", "setupkey", "fleet", "--output=yaml",
                                          "--show-managed-fields"))
        return judge("actions", DISCOVERY, ROTATE, path)[0]
    found = action()
    assert found["offered"]["rotate"]["disabled"] is False
    scene.kubectl.patch("setupkey", "fleet", found["patch"])
    scene.await_revision("fleet", 2)
    scene.await_sound("fleet")
    assert action()["offered"]["rotate"]["disabled"] is False
    value = found["patch"]["metadata"]["annotations"]["keys.netbird.io/rotate"]
    assert scene.get("fleet")["status"]["lastHandledRotate"] == value


# No drift

def first_setup_key(path):
    return next(each for each in yaml.safe_load_all(path.read_text(encoding="utf-8"))
                if each["kind"] == "SetupKey")


def manifests():
    """All examples and all accepted fixtures, but for those that change between two looks by
    themselves, are never Ready, or have no spec to compare."""
    left_out = {"good-short-rotation", "good-update-revokes-what-breaks-a-rule", "good-spec-missing",
                "good-spec-null"}
    paths = [*sorted((ROOT / "deploy" / "examples").glob("*.yaml")),
             *sorted((ROOT / "tests" / "fixtures" / "cel").glob("good-*.yaml"))]
    return [first_setup_key(path) for path in paths if path.stem not in left_out]


def with_groups(scene, objects):
    """Makes the groups that the manifests name."""
    known = {each["name"]: each["id"] for each in scene.netbird.groups()}
    for each in objects:
        for group in (each.get("spec") or {}).get("autoGroups", []):
            name = group.get("name", "by-id")
            if name not in known:
                known[name] = scene.netbird.create_group(name)["id"]
                scene.groups.append(known[name])
            if "id" in group:
                group["id"] = known[name]
    return objects


class Manifests:
    """All examples and accepted fixtures, applied in one way."""

    # Argo CD and Flux force conflicts too: what Git says wins.
    WAYS = {"client-side": (), "server-side": ("--server-side", "--force-conflicts")}

    def __init__(self, scene, way, path, manager):
        self.scene = scene
        self.path = path
        self.manager = manager
        self.objects = with_groups(scene, manifests())
        for each in self.objects:
            each["metadata"].update(namespace=scene.namespace, **MARKS_OF_ARGO)
        self.write()
        self.words = (f"--filename={path}", f"--field-manager={manager}", *self.WAYS[way])

    @property
    def names(self):
        return [each["metadata"]["name"] for each in self.objects]

    def write(self):
        self.path.write_text(yaml.safe_dump_all(self.objects), encoding="utf-8")

    def apply(self):
        """Returns what kubectl says of each object."""
        said = self.scene.kubectl.run("apply", *self.words)
        return [line.split(" ", 1)[1] for line in said.splitlines()]

    def await_ready(self):
        def all_are():
            found = self.live()
            states = {status_of(each, "Ready") for each in found.values()}
            return found if states == {"True"} else None
        found = self.scene.await_("all are Ready", all_are, timeout=60)
        self.scene.uids.update((name, each["metadata"]["uid"]) for name, each in found.items())

    def diff(self):
        """kubectl's exit status and its diff: 0 and nothing where there is none."""
        done = self.scene.kubectl.try_run("diff", *self.words)
        return done.returncode, done.stdout

    def live(self):
        said = self.scene.kubectl.run("get", "setupkeys", "--output=json", "--show-managed-fields")
        return {each["metadata"]["name"]: each for each in json.loads(said)["items"]}

    def drift(self):
        """What Argo CD would show as out of sync: (name, way) to the judge's line."""
        lines = judge("drift", self.manager, self.path, env=self.scene.kubectl.env())
        assert len(lines) == 3 * len(self.objects)
        return {(line["name"], line["way"]): line for line in lines if line["modified"]}


def versions(live):
    return {name: (each["metadata"]["resourceVersion"], each["metadata"]["generation"])
            for name, each in live.items()}


@pytest.mark.parametrize("manager", ("kubectl", "argocd-controller"))
@pytest.mark.parametrize("way", Manifests.WAYS)
def test_19_no_drift(scene, way, manager, tmp_path):
    # A long resync, so that nothing but the manifests changes while they are compared.
    scene.operator("--resync=1h").start()
    given = Manifests(scene, way, tmp_path / "manifests.yaml", manager)
    given.apply()
    given.await_ready()
    scene.kubectl.annotate("setupkey", given.names[0], rotate="one")
    scene.await_revision(given.names[0], 2)
    before = given.live()
    # The CRD's defaults are in the cluster and not in the manifests, and that is no difference.
    assert any(set(before[each["metadata"]["name"]]["spec"]) > set(each["spec"])
               for each in given.objects)
    assert given.diff() == (0, "")
    assert given.drift() == {}
    assert set(given.apply()) == {"unchanged" if way == "client-side" else "serverside-applied"}
    after = given.live()
    assert versions(after) == versions(before)
    assert all(each["metadata"]["generation"] == 1 for each in after.values())
    for name in given.names:
        assert after[name]["spec"] == before[name]["spec"]
        owned_as_expected(after[name], manager, way)
    secrets = scene.kubectl.list("secrets")
    assert len(secrets) == len(given.names)
    for each in secrets:
        no_marks_of_argo(each)


def owned_as_expected(live, manager, way):
    """The operator owns status and its finalizer, and whoever applies owns the spec."""
    owned = {}
    for entry in live["metadata"]["managedFields"]:
        part = entry.get("subresource", "")
        owned.setdefault((entry["manager"], part), set()).update(paths(entry["fieldsV1"]))
    spec_owner = {owner for (owner, _), fields in owned.items()
                  if any(each[0] == "f:spec" for each in fields)}
    assert spec_owner <= {manager}
    finalizer = {each for each in owned["nbkeys", ""] if each[:2] != ("f:metadata", "f:finalizers")}
    assert not finalizer, finalizer
    assert {each[0] for each in owned["nbkeys", "status"]} == {"f:status"}
    assert {owner for owner, _ in owned} - {"nbkeys", manager, "kubectl-patch"} == set()
    if way == "server-side":
        assert all(entry["operation"] == "Apply" for entry in live["metadata"]["managedFields"]
                   if entry["manager"] == manager)


def paths(fields, prefix=()):
    """The leaves of a fieldsV1."""
    found = set()
    for key, value in fields.items():
        found |= paths(value, (*prefix, key)) if value else {(*prefix, key)}
    return found


def no_marks_of_argo(secret):
    """With one of them Argo CD would take the Secret for its own and prune it."""
    for part, marks in MARKS_OF_ARGO.items():
        assert not set(marks) & set(secret["metadata"].get(part, {}))


@pytest.mark.parametrize("way", Manifests.WAYS)
def test_19_real_drift_is_found(scene, operator, way, tmp_path):
    """The comparison of the test before would have seen something."""
    given = Manifests(scene, way, tmp_path / "manifests.yaml", "argocd-controller")
    given.objects = given.objects[:1]
    given.write()
    given.apply()
    given.await_ready()
    name = given.names[0]
    scene.edit(name, expiresIn="9d")
    assert given.diff()[0] == 1 and "expiresIn" in given.diff()[1]
    found = given.drift()
    assert set(found) == {(name, each) for each in ("default", "structured-merge", "server-side")}
    assert all(line["live"]["spec"]["expiresIn"] == "9d" for line in found.values())


def test_19_a_field_that_leaves_git_is_no_drift_afterwards(scene, operator, tmp_path):
    given = Manifests(scene, "server-side", tmp_path / "manifests.yaml", "argocd-controller")
    given.objects = [{**setup_key("shrinks", usageLimit=5, rotation={"overlap": "0"}),
                      "metadata": {"name": "shrinks", "namespace": scene.namespace}}]
    given.write()
    given.apply()
    given.await_ready()
    del given.objects[0]["spec"]["usageLimit"], given.objects[0]["spec"]["rotation"]
    given.write()
    assert given.diff()[0] == 1
    given.apply()
    scene.await_ready("shrinks")
    found = scene.get("shrinks")
    assert "usageLimit" not in found["spec"] and status_of(found, "Ready") == "True"
    assert given.diff() == (0, "") and given.drift() == {}
