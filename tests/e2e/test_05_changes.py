"""5. autoGroups change in place by one PUT; what NetBird cannot change gives a new key."""

import pytest

from harness.wait import stays


def test_05_auto_groups_edited_is_one_put_of_the_same_key(scene, operator):
    first, second = scene.group("first"), scene.group("second")
    before = scene.ready("fleet", autoGroups=[{"id": first["id"]}])
    key_id, value = before["status"]["keyID"], scene.secret_key("fleet")
    scene.edit("fleet", autoGroups=[{"name": second["name"]}])
    scene.await_("the groups are those of the spec",
                 lambda: scene.netbird.key(key_id)["auto_groups"] == [second["id"]], "fleet")
    found = scene.await_sound("fleet")
    assert found["status"]["keyID"] == key_id
    assert scene.secret_key("fleet") == value
    assert found["status"]["autoGroupIDs"] == [second["id"]]
    stays("one PUT", lambda: scene.netbird_proxy.count("PUT", key_id) == 1, 5)
    assert len(scene.posts("fleet")) == 1


def test_05_auto_groups_removed(scene, operator):
    group = scene.group("only")
    key_id = scene.ready("fleet", autoGroups=[{"id": group["id"]}])["status"]["keyID"]
    scene.edit("fleet", autoGroups=None)
    scene.await_("no groups", lambda: not scene.netbird.key(key_id)["auto_groups"], "fleet")


def test_05_groups_changed_at_netbird_are_put_right(scene, operator):
    group = scene.group("wanted")
    key_id = scene.ready("fleet", autoGroups=[{"id": group["id"]}])["status"]["keyID"]
    scene.netbird.ok("PUT", f"setup-keys/{key_id}", {"revoked": False, "auto_groups": []})
    scene.await_("the groups are back",
                 lambda: scene.netbird.key(key_id)["auto_groups"] == [group["id"]], "fleet")


@pytest.mark.parametrize("change, shown", [
    pytest.param({"usageLimit": 9}, {"usage_limit": 9}, id="usageLimit"),
    pytest.param({"type": "one-off"}, {"type": "one-off", "usage_limit": 1}, id="type"),
    pytest.param({"expiresIn": "7d"}, {}, id="expiresIn"),
    pytest.param({"ephemeral": True}, {"ephemeral": True}, id="ephemeral"),
    pytest.param({"allowExtraDnsLabels": True}, {"allow_extra_dns_labels": True}, id="dnsLabels"),
    pytest.param({"name": "renamed"}, {}, id="name"),
])
def test_05_change_that_needs_a_new_key(scene, operator, change, shown):
    before = scene.ready("fleet", rotation={"overlap": "4s"})
    old_id, old_value = before["status"]["keyID"], scene.secret_key("fleet")
    old_expiry = scene.netbird.key(old_id)["expires"]
    scene.edit("fleet", **change)
    new_id = scene.await_revision("fleet", 2)["status"]["keyID"]
    old, new = scene.netbird.key(old_id), scene.netbird.key(new_id)
    assert old["valid"], "the old key must live through the overlap"
    assert {field: new[field] for field in shown} == shown
    if "expiresIn" in change:
        assert new["expires"] < old_expiry
    if "name" in change:
        assert new["name"].startswith("renamed ~")
    scene.await_only_key("fleet", new_id)
    scene.await_sound("fleet")
    assert scene.secret_key("fleet") != old_value
    assert len(scene.posts("fleet")) == 2


def test_05_several_changes_at_once_give_one_new_key(scene, operator):
    group = scene.group("with")
    scene.ready("fleet", rotation={"overlap": "0"})
    scene.edit("fleet", usageLimit=3, expiresIn="3d", autoGroups=[{"id": group["id"]}])
    found = scene.await_sound("fleet")
    key = scene.netbird.key(found["status"]["keyID"])
    assert (key["usage_limit"], key["auto_groups"]) == (3, [group["id"]])
    assert found["status"]["revision"] == 2 and len(scene.posts("fleet")) == 2


def test_05_change_taken_back_at_once_settles(scene, operator):
    scene.ready("fleet", rotation={"overlap": "0"})
    for limit in (1, 2, None):
        scene.edit("fleet", usageLimit=limit)
    found = scene.await_sound("fleet")
    assert scene.netbird.key(found["status"]["keyID"])["usage_limit"] == 0


def test_05_template_change_costs_no_key(scene, operator):
    key_id = scene.ready("fleet")["status"]["keyID"]
    value = scene.secret_key("fleet")
    scene.edit("fleet", secretTemplate={"labels": {"team": "edge"}})
    scene.await_("the label is set",
                 lambda: scene.secret("fleet")["metadata"]["labels"].get("team") == "edge",
                 "fleet")
    assert scene.secret_key("fleet") == value
    assert scene.await_sound("fleet")["status"]["keyID"] == key_id
