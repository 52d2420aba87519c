"""14. No key and no token is in any log at trace level, event, status or metric of the run.

Runs last, whatever the order on the command line: it looks at all that the others have left."""

import json
import re

import pytest

from harness import collected
from harness.kubectl import secret_value
from harness.rules import netbird_error


@pytest.fixture
def eventful(scene):
    """Makes sure that there is something to search, also when this file runs alone."""
    operator = scene.operator("--resync=2s").start()
    scene.ready("watched", rotation={"overlap": "1s"})
    scene.kubectl.annotate("setupkey", "watched", rotate="one")
    scene.await_revision("watched", 2)
    rule = scene.netbird_proxy.rule("POST", "^/api/setup-keys$", **netbird_error(500))
    scene.apply("failed")
    rule.await_fired(20, scene.dump)
    scene.await_sound("failed", 90)
    scene.secret_key("watched")
    operator.keep_metrics()
    scene.keep_objects()
    return scene


def test_14_there_is_something_to_search(eventful):
    keys, tokens = eventful.world.issued.counts()
    # Both keys of the rotation and one more; NetBird's token, the admin's and the account's.
    assert keys >= 3 and tokens >= 3
    names = dict(collected.files(eventful.world.folder))
    assert any(name.endswith(".metrics") for name in names)
    for kind in ("SetupKeyList", "EventList", "Secret"):
        assert re.search(rf'"?kind"?: "?{kind}\b', names["objects.yaml"]), kind
    stored = [name for name, _ in collected.etcd_values(eventful.world.control_plane.etcd_url)]
    for part in ("/setupkeys/", "/events/"):
        assert any(part in name for name in stored), part


def test_14_operators_logged_at_trace_level(eventful):
    lines = [json.loads(line) for line in eventful.operators[0].log().splitlines() if line]
    assert {"trace", "info"} <= {str(line.get("level")).lower() for line in lines}


def test_14_every_key_in_a_secret_is_known_to_the_search(eventful):
    with_key = [each for each in eventful.world.kubectl.list("secrets", "--all-namespaces")
                if "keys.netbird.io/setupkey-uid" in (each["metadata"].get("labels") or {})]
    assert with_key
    for each in with_key:
        assert secret_value(each) is None or secret_value(each) in eventful.world.issued.keys


def test_14_no_key_and_no_token_anywhere(eventful):
    assert collected.leaks(eventful.world) == []


@pytest.mark.parametrize("where", ("log", "metrics", "event", "status"))
def test_14_canary_is_found(eventful, where):
    """The search is worth something: it finds a key that is put where none may be."""
    value = eventful.secret_key("watched")
    if where in ("log", "metrics"):
        path = eventful.world.folder / f"canary.{where}"
        path.write_text(f'{{"level":"trace","message":"issued {value.lower()}"}}\n')
        expected = path.name
    elif where == "event":
        eventful.kubectl.create({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": "canary"},
            "involvedObject": {"namespace": eventful.namespace}, "message": f"issued {value}"})
        expected = f"/registry/events/{eventful.namespace}/canary"
    else:
        eventful.apply("canary", name=value)
        expected = f"/setupkeys/{eventful.namespace}/canary"
    found = collected.leaks(eventful.world)
    if where in ("log", "metrics"):
        path.unlink()
    elif where == "event":
        eventful.kubectl.delete("event", "canary")
    else:
        # Its name was the key, which the operator is right to have shown; nothing keeps it.
        eventful.kubectl.delete("setupkey", "canary")
        eventful.await_gone("setupkey", "canary")
    assert any(expected in each for each in found), found
    assert value not in "\n".join(found)
