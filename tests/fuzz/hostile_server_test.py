"""The real binary against servers that answer without end: the process stays small, says what is
wrong, lives, and works again as soon as the servers do.

Run by: python3 -m pytest tests/fuzz/hostile_server_test.py
NBKEYS_BINARY and NBKEYS_SANDBOX name other programs than those of build/release.
"""
import json
import os
import pathlib
import re
import subprocess
import time
import urllib.request

import hostile_server as hostile
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("NBKEYS_BINARY", ROOT / "build/release/nbkeys")
SANDBOX = os.environ.get("NBKEYS_SANDBOX", ROOT / "build/release/tests/nbkeys_sandbox")
PATIENCE_S = 90  # a list of keys may take a minute

LIST_KEYS = ("GET", r"/api/setup-keys")
LIST_SETUP_KEYS = ("GET", r"/apis/keys.netbird.io/.*limit=")
CREATE_KEY = ("POST", r"/api/setup-keys")
WATCH = ("GET", r".*watch=true")

# Half of what an answer may have is taken twice while it grows: lists have higher bounds than the rest.
SMALL, PAGE, LIST = 80, 110, 170
# The HTTP library takes a chunk and the head of an answer into memory before it shows any of it, so
# that only the time of a request bounds those. What is shown here is that nothing else breaks.
UNBOUNDED = 1 << 20
GONE = "closed the connection without an answer"

# server, request, flood, what the log says, megabytes at most
CASES = {
    "a list of 1 GB": ("kube", LIST_SETUP_KEYS, hostile.long_body, "is longer than", PAGE),
    "keys of 1 GB": ("netbird", LIST_KEYS, hostile.long_body, "is longer than", LIST),
    "an object of 1 GB": ("netbird", CREATE_KEY, hostile.long_body, "is longer than", SMALL),
    "chunks without end": ("netbird", LIST_KEYS, hostile.endless_chunks, "is longer than", LIST),
    "millions of values": ("kube", LIST_SETUP_KEYS, hostile.many_values, "too many values", SMALL),
    "values within values": ("netbird", LIST_KEYS, hostile.deep_values, "too many values", SMALL),
    "a zip bomb": ("netbird", LIST_KEYS, hostile.zip_bomb, "a compressed body", SMALL),
    "an answer that drips": ("netbird", LIST_KEYS, hostile.drip, "did not answer within", SMALL),
    "headers that drip": ("netbird", CREATE_KEY, hostile.drip_of_headers, "did not answer within", SMALL),
    "a watch line without end": ("kube", WATCH, hostile.endless_chunks, "line of the watch has no end",
                                 SMALL),
    "one huge chunk": ("netbird", LIST_KEYS, hostile.one_huge_chunk, GONE, UNBOUNDED),
    "a chunk size without end": ("netbird", LIST_KEYS, hostile.endless_chunk_size, GONE, UNBOUNDED),
    "headers without end": ("netbird", LIST_KEYS, hostile.endless_headers, GONE, UNBOUNDED),
    "a status line without end": ("kube", LIST_SETUP_KEYS, hostile.endless_status_line, GONE, UNBOUNDED),
    "watch headers without end": ("kube", WATCH, hostile.endless_headers, GONE, UNBOUNDED),
}


def wait(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    pytest.fail(f"not within {seconds} s: {what}")


class World:
    def __init__(self, folder):
        self.folder = folder
        self.sandbox = subprocess.Popen([SANDBOX, "--state-dir", folder], stdout=subprocess.PIPE)
        self.state = json.loads(self.sandbox.stdout.readline())
        self.fronts = {name: hostile.Front(self.state[f"{name}_port"]) for name in ("kube", "netbird")}
        self.log = folder / "nbkeys.log"
        self.operator = None

    def start(self):
        config = pathlib.Path(self.state["kubeconfig_operator"])
        config.write_text(config.read_text().replace(f":{self.state['kube_port']}",
                                                     f":{self.fronts['kube'].port}"))
        self.operator = subprocess.Popen(
            [BINARY, "run", "--kubeconfig", config, "--log-level", "trace",
             "--netbird-url", f"http://127.0.0.1:{self.fronts['netbird'].port}",
             "--netbird-token-file", self.state["netbird_token_file"],
             "--metrics-address", "127.0.0.1:0"], stderr=self.log.open("w"))

    def close(self):
        for process in (self.operator, self.sandbox):
            if process is not None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        for front in self.fronts.values():
            front.close()

    def kube(self, method, path, body=None):
        token = pathlib.Path(self.state["kube_admin_token_file"]).read_text().strip()
        request = urllib.request.Request(
            self.state["kube_url"] + path, method=method, data=body and json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def create_setup_key(self, name):
        self.kube("POST", "/apis/keys.netbird.io/v1alpha1/namespaces/default/setupkeys",
                  {"apiVersion": "keys.netbird.io/v1alpha1", "kind": "SetupKey",
                   "metadata": {"name": name, "namespace": "default"}, "spec": {}})

    def ready(self, name):
        status = self.kube("GET", "/apis/keys.netbird.io/v1alpha1/namespaces/default/setupkeys/"
                           + name).get("status", {})
        return any(c["type"] == "Ready" and c["status"] == "True"
                   for c in status.get("conditions", []))

    def said(self, words):
        assert self.operator.poll() is None, f"the operator ended:\n{self.log.read_text()[-2000:]}"
        return re.search(words, self.log.read_text(errors="replace"))

    def peak_mb(self):
        text = pathlib.Path(f"/proc/{self.operator.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", text)[1]) / 1024


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("case", CASES)
def test_a_flood_is_cut_off(world, case, record_property):
    server, (method, path), flood, words, megabytes = CASES[case]
    front = world.fronts[server]
    front.attack = lambda m, p: flood if m == method and re.match(path, p) else None
    world.create_setup_key("fleet")
    world.start()
    wait(lambda: world.said(words), PATIENCE_S, f"'{words}' in the log")
    peak = world.peak_mb()
    record_property("peak_mb", round(peak))
    print(f"{case}: peak {peak:.0f} MB, {front.sent >> 20} MB sent in {front.attacked} answers")
    assert peak < megabytes
    assert len(world.log.read_text(errors="replace")) < 1 << 20
    # The servers are as they should be again; the same process goes on.
    front.attack = lambda m, p: None
    wait(lambda: world.ready("fleet"), 60, "Ready after the flood")
    assert world.operator.poll() is None
    assert world.peak_mb() < megabytes
