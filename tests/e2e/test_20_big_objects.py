"""20. What one tenant's objects weigh keeps nobody else from their keys."""

import json
import socket
import subprocess

import pytest

from harness import many
from harness.nbkeys import binary
from harness.plugin import verb
from harness.scene import Scene, setup_key

SETUP_KEYS, SECRETS = 180, 140
# What the schema takes of them, about: together far more than one page of a list may have.
DATA = {f"BIG_{number}": "x" * 8000 for number in range(7)}
ANNOTATION = "x" * 260_000
FLAGS = ("--netbird-requests-per-minute=600000", "--netbird-burst=10000")


def create(scene, items):
    """As JSON, because PyYAML takes minutes for so many bytes."""
    scene.kubectl.run("create", "--filename=-", timeout=300.0, stdin=json.dumps(
        {"apiVersion": "v1", "kind": "List", "items": items}))


@pytest.fixture(scope="module")
def tenant(world):
    """A namespace full of big objects."""
    made = Scene(world, "e2e-big", "test_20_big_objects")
    made.open()
    made.names = many.names("big", SETUP_KEYS)
    create(made, [setup_key(name, secretTemplate={"data": DATA}) for name in made.names])
    many.remember(made)
    create(made, [{"apiVersion": "v1", "kind": "Secret",
                   "metadata": {"name": name, "annotations": {"note": ANNOTATION},
                                "labels": {"keys.netbird.io/setupkey-uid": "nobodys"}}}
                  for name in many.names("heavy", SECRETS)])
    yield made
    made.close()


@pytest.fixture
def both(scene, tenant):
    """An operator for the tenant and for a small neighbour."""
    return scene.operator(f"--watch-namespace={tenant.namespace}", "--resync=5s", *FLAGS)


def test_20_a_neighbours_key_is_ready_in_seconds(scene, tenant, both):
    both.start()
    many.await_sound(tenant, tenant.names, 120)
    assert scene.kube_proxy.count("GET", "/setupkeys[?].*continue="), "one page was enough"
    assert scene.kube_proxy.count("GET", "/secrets[?].*continue="), "one page was enough"
    both.restart()
    scene.apply("small")
    scene.await_ready("small", 10)
    assert many.unsound(tenant, tenant.names) == []


def test_20_nbkeys_list_and_cleanup_read_them_all(tenant):
    listed = verb(tenant, "list", "-o", "json")
    assert listed.code == 0, listed.err
    assert len(listed.json()["setupKeys"]) == SETUP_KEYS
    env = {"KUBECONFIG": str(tenant.world.control_plane.kubeconfig), "PATH": "/usr/bin",
           "NO_PROXY": "127.0.0.1"}
    done = subprocess.run([binary(), "cleanup", "--policy=retain",
                           f"--watch-namespace={tenant.namespace}"],
                          env=env, timeout=120, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{SETUP_KEYS} SetupKeys let go" in done.stdout


def test_20_probes_answer_while_500_idle_connections_are_open(operator):
    held = [socket.create_connection(("127.0.0.1", operator.metrics_port)) for _ in range(500)]
    try:
        for path in ("healthz", "readyz"):
            assert operator.probe(path).status == 200
            for each in held:
                try:
                    each.send(b"G")
                except OSError:
                    pass  # its place was needed
        assert operator.probe("healthz").status == 200
    finally:
        for each in held:
            each.close()
