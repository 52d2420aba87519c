"""The harness by itself: the servers, the proxy and the search for keys do what tests rely on."""

import os
import threading
import time
import uuid
from pathlib import Path

import pytest

from harness.curl import curl
from harness.issued import Issued
from harness.process import Process
from harness.proxy import Proxy
from harness.rules import kill_when_answered, kill_when_passed_on, kill_when_seen, netbird_error
from harness.scene import setup_key
from harness.wait import until


@pytest.fixture
def proxy(world):
    """A proxy of our own in front of NetBird."""
    made = Proxy("own", world.netbird_server.url).start()
    yield made
    made.clear()
    made.stop()


@pytest.fixture
def victim(tmp_path):
    class Victim:
        process = Process("victim", ["sleep", "600"], tmp_path / "log").start()

        def strike(self):
            self.process.signal(9)

    made = Victim()
    yield made
    made.process.kill()


def ask(world, proxy, path="/api/groups", method="GET", body=None, timeout=10):
    return curl(method, proxy.url + path, body, world.netbird.headers(), timeout)


def listening(pid):
    """The local addresses, as the kernel writes them, on which a process listens for TCP."""
    inodes = {os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                found.add(fields[1].split(":")[0])
    return found


def test_00_servers_listen_on_loopback_only(world):
    plane = world.control_plane
    for server in (plane.etcd, plane.apiserver, plane.controllers, world.netbird_server.process):
        until(f"{server.name} listens", lambda server=server: listening(server.pid), 20)
        assert listening(server.pid) == {"0100007F"}, server.name


def test_00_operator_account_has_the_rights_of_deploy_only(world):
    def may(verb, what):
        done = world.kubectl.try_run(
            "auth", "can-i", verb, what, "--as=system:serviceaccount:nbkeys-system:nbkeys",
            "--all-namespaces")
        return done.stdout.strip() == "yes"
    assert may("list", "setupkeys.keys.netbird.io")
    assert not may("delete", "secrets")
    assert not may("update", "setupkeys.keys.netbird.io")
    assert not may("create", "setupkeys.keys.netbird.io")


def test_00_deploy_is_taken_whole_by_kubectl(world):
    out = world.kubectl.run("apply", "--dry-run=server", "--kustomize", "../../deploy")
    assert "deployment.apps/nbkeys" in out


def test_00_owned_secrets_are_collected(scene):
    owner_name = scene.apply("owner")
    owner = {"apiVersion": "keys.netbird.io/v1alpha1", "kind": "SetupKey", "name": owner_name,
             "uid": scene.uids[owner_name], "controller": True, "blockOwnerDeletion": True}
    scene.kubectl.apply({"apiVersion": "v1", "kind": "Secret",
                         "metadata": {"name": "owned", "ownerReferences": [owner]}})
    scene.kubectl.delete("setupkey", owner_name)
    scene.await_gone("secret", "owned")


def test_00_peer_enrols_and_counts(scene):
    key = scene.netbird.create_key("harness")
    peer = scene.enrol("harness", key["key"])
    peer.await_enrolled(scene.netbird)
    until("the use is counted", lambda: scene.netbird.key(key["id"])["used_times"] == 1)
    scene.netbird.delete_key(key["id"])


def test_00_revoked_key_is_refused_to_a_peer(scene):
    key = scene.netbird.create_key("harness")
    scene.netbird.revoke_key(key["id"])
    peer = scene.enrol("refused", key["key"])
    peer.await_refused(scene.netbird)
    scene.netbird.delete_key(key["id"])


def test_00_further_tokens_work_until_deleted(world):
    token_id, token = world.netbird.create_token("further")
    headers = [f"Authorization: Token {token}"]
    url = f"{world.netbird.url}/api/groups"
    assert curl("GET", url, headers=headers).status == 200
    world.netbird.delete_token(token_id)
    # NetBird says 404 for a token that it no longer knows, as for a key that it no longer knows.
    refused = curl("GET", url, headers=headers)
    assert refused.status in (401, 404) and "invalid token" in refused.body


def test_00_proxy_passes_on_and_counts(world, proxy):
    assert ask(world, proxy).json() == world.netbird.groups()
    assert ask(world, proxy, "/api/none").status == 404
    assert proxy.count("GET", r"^/api/groups$") == 1
    assert [each.status for each in proxy.seen()] == [200, 404]


def test_00_proxy_answers_the_nth_request(world, proxy):
    rule = proxy.rule("GET", "^/api/groups$", nth=2, **netbird_error(429, "slow down"))
    answers = [ask(world, proxy) for _ in range(3)]
    assert [each.status for each in answers] == [200, 429, 200]
    assert answers[1].json() == {"message": "slow down", "code": 429}
    assert (rule.matched, rule.acted) == (3, 1)


def test_00_proxy_loses_requests_and_answers(world, proxy):
    body = {"name": f"lost-{uuid.uuid4().hex[:8]}"}
    def made():
        found = [each["id"] for each in world.netbird.groups() if each["name"] == body["name"]]
        return len(found)
    proxy.rule("POST", "^/api/groups$", lose_request=True)
    assert ask(world, proxy, method="POST", body=body).status == 0
    assert made() == 0
    proxy.rule("POST", "^/api/groups$", lose_answer=True)
    assert ask(world, proxy, method="POST", body=body).status == 0
    assert made() == 1
    assert ask(world, proxy, method="POST", body={"name": body["name"] + "-2"}).status == 200


def test_00_proxy_hangs_delays_and_holds(world, proxy):
    proxy.rule("GET", "^/api/groups$", hang=True)
    assert "timed out" in ask(world, proxy, timeout=0.5).body.lower()
    proxy.clear()
    proxy.rule("GET", "^/api/groups$", delay=0.3)
    started = time.monotonic()
    assert ask(world, proxy).status == 200
    assert time.monotonic() - started >= 0.3
    hold = threading.Event()
    held = proxy.rule("GET", "^/api/groups$", hold=hold)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(ask(world, proxy).status))
    asking.start()
    held.await_fired()
    assert not answers
    hold.set()
    asking.join(10)
    assert answers == [200]


@pytest.mark.parametrize("when, reached, answered", [
    (kill_when_seen, False, False), (kill_when_answered, True, False),
    (kill_when_passed_on, True, True)])
def test_00_proxy_kills(world, proxy, victim, when, reached, answered):
    name = f"kill-{uuid.uuid4().hex[:8]}"
    rule = proxy.rule("POST", "^/api/groups$", **when(victim))
    answer = ask(world, proxy, method="POST", body={"name": name})
    rule.await_fired()
    assert victim.process.child.wait(5) == -9
    assert (answer.status == 200) == answered
    assert any(each["name"] == name for each in world.netbird.groups()) == reached


def test_00_proxy_refuses_connections_while_stopped(world, proxy):
    proxy.stop()
    assert ask(world, proxy).status == 0
    proxy.start()
    assert ask(world, proxy).status == 200


def test_00_proxy_streams_watches_through_tls(scene):
    """kubectl, as the operator, watches through the proxy that the operators use."""
    seen = scene.world.folder / "watched"
    watcher = scene.kubectl.within(scene.namespace)
    watcher.kubeconfig = scene.world.operator_kubeconfig
    process = Process("kubectl", watcher.argv("get", "setupkeys", "--watch", "--output=name"),
                      seen, env=watcher.env()).start()
    try:
        until("the watch is open",
              lambda: scene.kube_proxy.count("GET", rf"{scene.namespace}/setupkeys.*watch=true"))
        for name in ("one", "two"):
            scene.kubectl.apply(setup_key(name))
            until(f"{name} comes through", lambda name=name: name in seen.read_text(), 5)
    finally:
        process.stop()


def test_00_proxy_carries_a_thousand_requests(world, proxy, tmp_path):
    config = tmp_path / "config"
    lines = [f'header = "{each}"' for each in world.netbird.headers()]
    config.write_text("\n".join(lines + [
        f'url = "{proxy.url}/api/groups?{number}"\noutput = "/dev/null"'
        for number in range(1000)]) + "\n")
    done = Process("curl", ["curl", "--silent", "--fail", "--parallel", "--parallel-max", "8",
                            "--config", config], tmp_path / "log").start()
    assert done.child.wait(60) == 0
    assert proxy.count("GET", r"^/api/groups\?") == 1000
    assert {each.status for each in proxy.seen()} == {200}


def test_00_finder_finds_keys_and_tokens_in_every_guise():
    issued = Issued()
    issued.key("A1B2C3D4-E5F6-4711-8899-AABBCCDDEEFF")
    issued.token("nbp_secretsecretsecret")
    finder = issued.finder()
    for leak in ("x A1B2C3D4-E5F6-4711-8899-AABBCCDDEEFF y", "a1b2c3d4-e5f6", "-aabbccddeeff",
                 "QTFCMkMzRDQtRTVGNi00NzExLTg4OTktQUFCQkNDRERFRUZG",
                 "token nbp_secretsecretsecret", "bmJwX3NlY3JldHNlY3JldHNlY3JldA=="):
        assert finder.find(leak), leak
    for harmless in ("A1B2C****", "keyPrefix: A1B2C", "nbp_other", "b4d1-a1b2c3d4"):
        assert not finder.find(harmless), harmless
