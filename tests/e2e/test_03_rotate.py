"""3. The rotate annotation. Rotation by time is shown on virtual time elsewhere."""

from harness.scene import status_of
from harness.wait import stays


def rotate(scene, name, value):
    scene.kubectl.annotate("setupkey", name, rotate=value)


def test_03_rotation_with_overlap(scene, operator):
    before = scene.ready("rotated", rotation={"overlap": "6s"})
    old_id, old_key = before["status"]["keyID"], scene.secret_key("rotated")
    rotate(scene, "rotated", "one")
    found = scene.await_revision("rotated", 2)
    new_id = found["status"]["keyID"]
    assert new_id != old_id
    scene.await_("the new key is in the Secret",
                 lambda: scene.secret_key("rotated") not in (None, old_key), "rotated")
    # Both keys work through the overlap: a pod that has just read the old one still enrols.
    assert scene.netbird.key(old_id)["valid"] and scene.netbird.key(new_id)["valid"]
    assert [each["keyID"] for each in found["status"]["previousKeys"]] == [old_id]
    assert status_of(found, "Ready") == "True" and status_of(found, "Reconciling") is None
    scene.enrol("old", old_key).await_enrolled(scene.netbird)
    scene.await_only_key("rotated", new_id)
    found = scene.await_sound("rotated")
    assert found["status"]["lastHandledRotate"] == "one"
    assert found["status"]["lastRotationTime"] and found["status"]["lastRotationReason"]
    scene.enrol("new", scene.secret_key("rotated")).await_enrolled(scene.netbird)
    assert len(scene.posts("rotated")) == 2


def test_03_old_key_goes_no_earlier_than_the_overlap_says(scene, operator):
    scene.ready("patient", rotation={"overlap": "1h"})
    rotate(scene, "patient", "one")
    scene.await_revision("patient", 2)
    stays("both keys are valid", lambda: len(scene.valid_keys("patient")) == 2, 6, 0.5,
          scene.dump)


def test_03_same_value_does_nothing_more(scene, operator):
    scene.ready("steady", rotation={"overlap": "0"})
    rotate(scene, "steady", "one")
    scene.await_revision("steady", 2)
    found = scene.await_sound("steady")
    # Same value again, an unrelated annotation, a restart and some resyncs: still revision 2.
    rotate(scene, "steady", "one")
    scene.kubectl.run("annotate", "nbsk", "steady", "example.com/other=x")
    operator.restart()
    stays("revision 2 stays", lambda: scene.get("steady")["status"]["revision"] == 2, 5)
    assert scene.get("steady")["status"]["keyID"] == found["status"]["keyID"]
    assert len(scene.posts("steady")) == 2


def test_03_each_new_value_rotates_once(scene, operator):
    scene.ready("often", rotation={"overlap": "0"})
    for number in (2, 3, 4):
        rotate(scene, "often", f"value-{number}")
        scene.await_revision("often", number)
    found = scene.await_sound("often")
    assert found["status"]["revision"] == 4
    assert len(scene.posts("often")) == 4


def test_03_annotation_present_at_birth_gives_one_key(scene, operator):
    scene.kubectl.apply({
        "apiVersion": "keys.netbird.io/v1alpha1", "kind": "SetupKey", "spec": {},
        "metadata": {"name": "born", "annotations": {"keys.netbird.io/rotate": "at-birth"}}})
    scene.uids["born"] = scene.get("born")["metadata"]["uid"]
    scene.await_sound("born")
    stays("one POST", lambda: len(scene.posts("born")) == 1, 4)
