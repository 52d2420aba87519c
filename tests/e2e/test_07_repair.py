"""7. What happens to the Secret behind the operator's back is repaired; what is foreign, kept."""

import pytest

from harness.scene import condition, reason_of, status_of
from harness.wait import stays

SHORT = {"overlap": "2s"}


def spoil(scene, name, what):
    """Does one thing to the Secret that a person or a tool might do."""
    if what == "deleted":
        scene.kubectl.delete("secret", name)
    elif what == "altered":
        scene.kubectl.patch("secret", name, {"stringData": {"setup-key": "not a key"}})
    elif what == "entry removed":
        scene.kubectl.patch("secret", name, {"data": {"setup-key": None}})
    elif what == "annotations stripped":
        scene.kubectl.patch("secret", name, {"metadata": {"annotations": None}})
    elif what == "labels stripped":
        scene.kubectl.patch("secret", name, {"metadata": {"labels": None}})
    elif what == "owner stripped":
        scene.kubectl.patch("secret", name, {"metadata": {"ownerReferences": None}})


LOST = ("deleted", "altered", "entry removed")
DRESSED_DOWN = ("annotations stripped", "labels stripped", "owner stripped")


def whole(scene, name):
    """Asserts that the Secret carries all that the operator puts on it."""
    meta = scene.secret(name)["metadata"]
    assert meta.get("annotations", {}).get("keys.netbird.io/key-id")
    assert meta.get("annotations", {}).get("keys.netbird.io/digest")
    assert meta.get("labels", {}).get("keys.netbird.io/setupkey-uid") == scene.uids[name]
    assert [each["uid"] for each in meta.get("ownerReferences", [])] == [scene.uids[name]]
    return True


@pytest.mark.parametrize("what", LOST)
def test_07_lost_key_is_replaced(scene, operator, what):
    scene.ready("broken", rotation=SHORT)
    before = scene.secret_key("broken")
    spoil(scene, "broken", what)
    scene.await_revision("broken", 2)
    scene.await_sound("broken")
    assert scene.secret_key("broken") != before
    assert whole(scene, "broken")
    assert len(scene.posts("broken")) == 2


@pytest.mark.parametrize("what", LOST)
def test_07_lost_key_is_replaced_at_the_next_start(scene, operator, what):
    scene.ready("broken", rotation=SHORT)
    operator.stop()
    spoil(scene, "broken", what)
    operator.start()
    scene.await_revision("broken", 2)
    scene.await_sound("broken")
    assert len(scene.posts("broken")) == 2


@pytest.mark.parametrize("what", DRESSED_DOWN)
def test_07_secret_that_still_has_its_key_keeps_it(scene, operator, what):
    scene.ready("undressed", rotation=SHORT)
    before = scene.secret_key("undressed")
    spoil(scene, "undressed", what)
    scene.await_("the Secret is whole again", lambda: whole(scene, "undressed"), "undressed")
    scene.await_sound("undressed")
    assert scene.secret_key("undressed") == before
    assert len(scene.posts("undressed")) == 1


def test_07_what_others_add_to_the_secret_stays(scene, operator):
    scene.ready("shared")
    scene.kubectl.patch("secret", "shared", {
        "metadata": {"labels": {"tool": "x"}, "annotations": {"tool": "y"}}})
    stays("the additions are there", lambda: (
        scene.secret("shared")["metadata"]["labels"].get("tool") == "x"
        and scene.secret("shared")["metadata"]["annotations"].get("tool") == "y"), 4)
    scene.await_sound("shared")
    assert len(scene.posts("shared")) == 1


def test_07_status_lost_is_rebuilt_without_a_new_key(scene, operator):
    key_id = scene.ready("restored")["status"]["keyID"]
    operator.stop()
    scene.kubectl.run("patch", "setupkey", "restored", "--subresource=status", "--type=json",
                      '--patch=[{"op":"remove","path":"/status"}]')
    operator.start()
    assert scene.await_sound("restored")["status"]["keyID"] == key_id
    assert len(scene.posts("restored")) == 1


def foreign(name, **meta):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, **meta},
            "stringData": {"setup-key": "somebody else's", "other": "value"}}


def test_07_foreign_secret_is_refused_and_untouched(scene, operator):
    scene.kubectl.apply(foreign("taken"))
    before = scene.kubectl.get("secret", "taken")
    scene.apply("taken")
    found = scene.await_condition("taken", "Stalled", "True")
    assert reason_of(found) == "SecretConflict"
    assert "taken" in condition(found, "Ready")["message"]
    stays("no key was created", lambda: not scene.keys("taken"), 4, explain=scene.dump)
    assert not scene.posts("taken")
    after = scene.kubectl.get("secret", "taken")
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert after["data"] == before["data"]


def test_07_foreign_secret_removed_heals(scene, operator):
    scene.kubectl.apply(foreign("taken"))
    scene.apply("taken")
    scene.await_condition("taken", "Stalled", "True", "SecretConflict")
    scene.kubectl.delete("secret", "taken")
    found = scene.await_sound("taken", 90)
    assert status_of(found, "Stalled") is None
    assert len(scene.posts("taken")) == 1


def test_07_foreign_secret_survives_the_resource(scene, operator):
    scene.kubectl.apply(foreign("taken"))
    scene.apply("taken")
    scene.await_condition("taken", "Stalled", "True", "SecretConflict")
    scene.kubectl.delete("setupkey", "taken")
    scene.await_gone("setupkey", "taken")
    stays("the Secret stays", lambda: scene.kubectl.get("secret", "taken") is not None, 3)


def test_07_second_resource_for_the_same_secret_is_refused(scene, operator):
    scene.ready("first", secretName="wanted-by-two")
    value = scene.secret_key("wanted-by-two")
    scene.apply("second", secretName="wanted-by-two")
    found = scene.await_condition("second", "Stalled", "True")
    assert reason_of(found) == "SecretConflict"
    stays("the first one keeps it",
          lambda: scene.secret_key("wanted-by-two") == value, 3, explain=scene.dump)
    assert not scene.posts("second") and not scene.keys("second")
