"""21. etcd is put back to an older copy under a running operator: the API server's older state is
believed within a minute, and no key is lost."""

import pytest

from harness.scene import status_of
from harness.world import OPERATOR_NAMESPACE


LEASE = ("--leader-elect", f"--lease-namespace={OPERATOR_NAMESPACE}")


# Without a Lease only the list after the broken watch tells: the API server's own writes at its start
# may overtake all versions that were seen before.
@pytest.mark.parametrize("flags", ((), LEASE), ids=("alone", "by-lease"))
def test_21_an_older_state_is_believed(scene, world, flags):
    world.kubectl.within(OPERATOR_NAMESPACE).run("delete", "lease", "nbkeys", "--ignore-not-found")
    operator = scene.operator("--resync=2s", *flags).start()
    first = {name: scene.ready(name, rotation={"overlap": "1h"})["status"]["keyID"]
             for name in ("rotated", "idle")}
    world.control_plane.back_up()
    scene.kubectl.annotate("setupkey", "rotated", rotate="before")
    lost = scene.await_revision("rotated", 2)["status"]["keyID"]
    scene.ready("late")
    world.control_plane.put_back()
    assert scene.get("rotated")["status"]["keyID"] == first["rotated"]
    # What is edited now has versions that the operator has seen already.
    for name in ("rotated", "idle"):
        scene.kubectl.annotate("setupkey", name, rotate="after")
    for name in ("rotated", "idle"):
        found = scene.await_("its edit is seen", lambda name=name: next(
            (each for each in [scene.get(name)]
             if each["status"].get("lastHandledRotate") == "after"), None), name, 60)
        assert status_of(found, "Ready") == "True"
        assert scene.secret(name)["metadata"]["annotations"]["keys.netbird.io/key-id"] == \
            found["status"]["keyID"]
        # The one before it has its overlap; what only the later state knew is cleaned up.
        kept = {first[name], found["status"]["keyID"]}
        assert lost not in kept
        scene.await_("nothing else is left", lambda name=name, kept=kept: {
            key["id"] for key in scene.keys(name)} == kept, name, 60)
    assert scene.get("late") is None
    assert operator.running()
