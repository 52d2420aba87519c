"""6. Deleting a SetupKey: each policy, NetBird down, and letting go."""

import pytest

from harness.scene import condition, reason_of
from harness.wait import stays


def delete(scene, name):
    scene.kubectl.delete("setupkey", name)
    scene.await_gone("setupkey", name)
    scene.await_gone("secret", name)


def test_06_delete_removes_the_key(scene, operator):
    scene.ready("gone")
    delete(scene, "gone")
    assert not scene.keys("gone")


def test_06_revoke_leaves_a_revoked_key_without_groups(scene, operator):
    group = scene.group("pinned")
    found = scene.ready("kept", deletionPolicy="Revoke", autoGroups=[{"id": group["id"]}])
    delete(scene, "kept")
    key = scene.netbird.key(found["status"]["keyID"])
    assert key["state"] == "revoked" and not key["auto_groups"]
    assert len(scene.keys("kept")) == 1


def test_06_retain_leaves_the_key_valid(scene, operator):
    found = scene.ready("kept", deletionPolicy="Retain")
    delete(scene, "kept")
    assert scene.netbird.key(found["status"]["keyID"])["valid"]


@pytest.mark.parametrize("policy", ("Delete", "Revoke"))
def test_06_keys_of_an_overlap_go_too(scene, operator, policy):
    old_id = scene.ready("both", deletionPolicy=policy,
                         rotation={"overlap": "1h"})["status"]["keyID"]
    scene.kubectl.annotate("setupkey", "both", rotate="one")
    new_id = scene.await_revision("both", 2)["status"]["keyID"]
    delete(scene, "both")
    states = {key["id"]: key["state"] for key in scene.keys("both")}
    # The replaced key is due to be deleted anyway; what must not be is that it can still enrol.
    assert states.get(old_id) in (None, "revoked")
    assert states.get(new_id) == ("revoked" if policy == "Revoke" else None)


def test_06_policy_changed_later_is_honoured(scene, operator):
    found = scene.ready("changed", deletionPolicy="Delete")
    scene.edit("changed", deletionPolicy="Retain")
    scene.await_ready("changed")
    delete(scene, "changed")
    assert scene.netbird.key(found["status"]["keyID"])["valid"]


def test_06_policy_changed_while_the_operator_is_away(scene, operator):
    found = scene.ready("changed", deletionPolicy="Retain")
    operator.stop()
    scene.edit("changed", deletionPolicy="Delete")
    scene.kubectl.delete("setupkey", "changed")
    operator.start()
    scene.await_gone("setupkey", "changed")
    assert scene.netbird.key(found["status"]["keyID"]) is None


def test_06_deleted_before_its_first_key(scene, operator):
    scene.apply("early", autoGroups=[{"name": "never-made"}])
    scene.await_condition("early", "Stalled", "True")
    scene.kubectl.delete("setupkey", "early")
    scene.await_gone("setupkey", "early")
    assert not scene.keys("early")


def test_06_suspended_resource_can_be_deleted(scene, operator):
    scene.ready("paused")
    scene.edit("paused", suspend=True)
    delete(scene, "paused")
    assert not scene.keys("paused")


def test_06_netbird_down_waits_visibly_and_ends_later(scene, operator):
    scene.ready("waiting")
    scene.netbird_proxy.stop()
    try:
        scene.kubectl.delete("setupkey", "waiting")
        scene.await_("the reason is DeletionBlocked",
                     lambda: reason_of(scene.get("waiting")) == "DeletionBlocked", "waiting", 60)
        assert condition(scene.get("waiting"), "Ready")["message"]
        stays("it waits", lambda: scene.get("waiting") is not None, 3)
    finally:
        scene.netbird_proxy.start()
    scene.await_gone("setupkey", "waiting", 90)
    scene.await_gone("secret", "waiting")
    assert not scene.keys("waiting")


def test_06_abandon_lets_go_without_netbird(scene, operator):
    found = scene.ready("abandoned")
    scene.netbird_proxy.stop()
    try:
        scene.kubectl.delete("setupkey", "abandoned")
        scene.await_("the reason is DeletionBlocked",
                     lambda: reason_of(scene.get("abandoned")) == "DeletionBlocked",
                     "abandoned", 60)
        scene.kubectl.annotate("setupkey", "abandoned", abandon="true")
        scene.await_gone("setupkey", "abandoned")
        scene.await_gone("secret", "abandoned")
    finally:
        scene.netbird_proxy.start()
    assert scene.netbird.key(found["status"]["keyID"])["valid"]


def test_06_key_already_gone_at_netbird_lets_the_resource_go(scene, operator):
    found = scene.ready("gone-before")
    operator.stop()
    scene.netbird.delete_key(found["status"]["keyID"])
    scene.kubectl.delete("setupkey", "gone-before")
    operator.start()
    scene.await_gone("setupkey", "gone-before")


def test_06_foreign_key_is_never_deleted(scene, operator):
    """A key that only looks alike belongs to a person."""
    name = scene.ready("own")["metadata"]["name"]
    mark = scene.keys(name)[0]["name"]
    alike = scene.netbird.create_key(mark.replace("-r1]", "-r1] copy"))
    other = scene.netbird.create_key("own")
    delete(scene, "own")
    assert scene.netbird.key(alike["id"]) and scene.netbird.key(other["id"])
    scene.netbird.delete_keys([alike["id"], other["id"]])
