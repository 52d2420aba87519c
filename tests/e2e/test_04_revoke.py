"""4. spec.revoked revokes at NetBird; back to false issues a new key."""

from harness.scene import condition, status_of
from harness.wait import stays


def test_04_revoked_true_revokes_at_netbird(scene, operator):
    key_id = scene.ready("guest")["status"]["keyID"]
    value = scene.secret_key("guest")
    scene.edit("guest", revoked=True)
    scene.await_("NetBird shows it revoked",
                 lambda: scene.netbird.key(key_id)["state"] == "revoked", "guest")
    found = scene.await_condition("guest", "KeyValid", "False", "Revoked")
    assert condition(found, "Ready")["status"] == "True"
    assert condition(found, "Ready")["reason"] == "Revoked"
    assert found["status"]["state"] == "revoked"
    scene.enrol("late", value).await_refused(scene.netbird)
    stays("no new key", lambda: len(scene.keys("guest")) == 1, 4, explain=scene.dump)


def test_04_back_to_false_issues_a_new_key(scene, operator):
    key_id = scene.ready("guest", rotation={"overlap": "2s"})["status"]["keyID"]
    scene.edit("guest", revoked=True)
    scene.await_condition("guest", "KeyValid", "False", "Revoked")
    scene.edit("guest", revoked=False)
    found = scene.await_sound("guest")
    assert found["status"]["keyID"] != key_id
    assert status_of(found, "KeyValid") == "True"
    assert len(scene.posts("guest")) == 2
    scene.enrol("again", scene.secret_key("guest")).await_enrolled(scene.netbird)


def test_04_revocation_is_one_put(scene, operator):
    key_id = scene.ready("guest")["status"]["keyID"]
    scene.edit("guest", revoked=True)
    scene.await_condition("guest", "KeyValid", "False", "Revoked")
    operator.restart()
    stays("one PUT", lambda: scene.netbird_proxy.count("PUT", key_id) == 1, 5)


def test_04_revoking_during_an_overlap_revokes_both(scene, operator):
    old_id = scene.ready("guest", rotation={"overlap": "1h"})["status"]["keyID"]
    scene.kubectl.annotate("setupkey", "guest", rotate="one")
    scene.await_revision("guest", 2)
    assert scene.netbird.key(old_id)["valid"]
    scene.edit("guest", revoked=True)
    scene.await_("no key of it can enrol", lambda: not scene.valid_keys("guest"), "guest")
