"""8. What happens to a key at NetBird behind the operator's back."""

from harness.scene import condition, reason_of, status_of
from harness.wait import stays

SHORT = {"overlap": "2s"}


def test_08_deleted_at_netbird_gives_a_new_key(scene, operator):
    scene.ready("beside", rotation=SHORT)  # a list without any key is believed the second time
    key_id = scene.ready("lost", rotation=SHORT)["status"]["keyID"]
    before = scene.secret_key("lost")
    scene.netbird.delete_key(key_id)
    # If no list had shown it yet, two lists a minute apart have to lack it.
    scene.await_revision("lost", 2, timeout=100)
    found = scene.await_sound("lost")
    assert found["status"]["keyID"] != key_id
    assert scene.secret_key("lost") != before
    assert len(scene.posts("lost")) == 2
    scene.enrol("lost", scene.secret_key("lost")).await_enrolled(scene.netbird)


def test_08_deleted_while_the_operator_is_away(scene, operator):
    key_id = scene.ready("lost", rotation=SHORT)["status"]["keyID"]
    operator.stop()
    scene.netbird.delete_key(key_id)
    operator.start()
    # This process has never seen the key, so two lists a minute apart have to lack it.
    scene.await_revision("lost", 2, timeout=100)
    scene.await_sound("lost")
    assert len(scene.posts("lost")) == 2


def revoke_behind(scene, name):
    key_id = scene.ready(name, rotation=SHORT)["status"]["keyID"]
    scene.netbird.revoke_key(key_id)
    scene.await_condition(name, "KeyValid", "False", "RevokedExternally")
    return key_id


def test_08_revoked_at_netbird_is_left_so_and_shown(scene, operator):
    key_id = revoke_behind(scene, "revoked")
    found = scene.get("revoked")
    assert status_of(found, "Ready") == "False" and status_of(found, "Stalled") == "True"
    assert reason_of(found) == "RevokedExternally"
    assert "rotate" in condition(found, "KeyValid")["message"]
    assert found["status"]["state"] == "revoked"
    stays("it is left so", lambda: [key["id"] for key in scene.keys("revoked")] == [key_id]
          and len(scene.posts("revoked")) == 1, 5, explain=scene.dump)


def test_08_revoked_at_netbird_is_left_so_after_a_restart(scene, operator):
    key_id = revoke_behind(scene, "revoked")
    operator.restart()
    stays("it is left so", lambda: [key["id"] for key in scene.keys("revoked")] == [key_id], 5)


def test_08_rotate_heals_a_revocation(scene, operator):
    revoke_behind(scene, "revoked")
    scene.kubectl.annotate("setupkey", "revoked", rotate="healed")
    scene.await_revision("revoked", 2)
    found = scene.await_sound("revoked")
    assert status_of(found, "KeyValid") == "True" and status_of(found, "Stalled") is None
    assert len(scene.posts("revoked")) == 2


def test_08_spec_change_heals_a_revocation(scene, operator):
    revoke_behind(scene, "revoked")
    scene.edit("revoked", usageLimit=5)
    scene.await_revision("revoked", 2)
    scene.await_sound("revoked")


def test_08_used_up_is_shown_and_not_repaired(scene, operator):
    scene.ready("spent", usageLimit=1)
    scene.enrol("spent", scene.secret_key("spent")).await_enrolled(scene.netbird)
    found = scene.await_condition("spent", "KeyValid", "False", "Overused")
    assert status_of(found, "Ready") == "False" and status_of(found, "Stalled") == "True"
    assert found["status"]["state"] == "overused"
    stays("no new key", lambda: len(scene.posts("spent")) == 1, 4, explain=scene.dump)


def test_08_used_up_is_rotated_where_the_spec_says_so(scene, operator):
    scene.ready("spent", usageLimit=1, rotation={"overlap": "2s", "onOverused": True})
    scene.enrol("spent", scene.secret_key("spent")).await_enrolled(scene.netbird)
    scene.await_revision("spent", 2)
    scene.await_sound("spent")


def test_08_usage_percent_rotates_before_the_limit(scene, operator):
    scene.ready("half", usageLimit=2, rotation={"overlap": "2s", "usagePercent": 50})
    scene.enrol("half", scene.secret_key("half")).await_enrolled(scene.netbird)
    scene.await_revision("half", 2)
    scene.await_sound("half")


def test_08_previous_key_deleted_at_netbird_does_no_harm(scene, operator):
    old_id = scene.ready("calm", rotation={"overlap": "8s"})["status"]["keyID"]
    scene.kubectl.annotate("setupkey", "calm", rotate="one")
    scene.await_revision("calm", 2)
    scene.netbird.delete_key(old_id)
    # If no list had shown it yet, two lists a minute apart have to lack it.
    found = scene.await_sound("calm", timeout=100)
    assert found["status"]["revision"] == 2 and len(scene.posts("calm")) == 2


def test_08_stray_of_an_older_revision_is_removed(scene, operator):
    """What a crash between POST and Secret leaves behind, made by hand."""
    found = scene.ready("tidy", rotation={"overlap": "0"})
    scene.kubectl.annotate("setupkey", "tidy", rotate="one")
    scene.await_revision("tidy", 2)
    found = scene.await_sound("tidy")
    stray = scene.netbird.create_key(scene.key_name("tidy", 1))
    scene.await_("the stray is removed", lambda: scene.netbird.key(stray["id"]) is None, "tidy")
    assert scene.await_sound("tidy")["status"]["keyID"] == found["status"]["keyID"]
