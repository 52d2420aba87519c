"""What the demo stands on: the sandbox and the operator as processes, and plain HTTP to look at them."""
import base64
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "release"
KEYS = "/apis/keys.netbird.io/v1alpha1/namespaces/default/setupkeys"
SECRETS = "/api/v1/namespaces/default/secrets"
DEADLINE_S = 30


class DemoError(Exception):
    pass


class Stage:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="nbkeys-demo-")
        self.operator = None
        self.log = open(Path(self.folder.name) / "nbkeys.log", "w", encoding="utf-8")
        self.sandbox = subprocess.Popen(
            [BUILD / "tests" / "nbkeys_sandbox", "--state-dir", self.folder.name],
            stdout=subprocess.PIPE, text=True)
        line = self.sandbox.stdout.readline()
        if not line:
            raise DemoError("the sandbox did not start")
        self.at = json.loads(line)
        self.kube_token = Path(self.at["kube_admin_token_file"]).read_text("utf-8")
        self.netbird_token = Path(self.at["netbird_admin_token_file"]).read_text("utf-8")

    def close(self):
        self.stop_operator()
        self.sandbox.send_signal(signal.SIGTERM)
        self.sandbox.wait(timeout=10)
        self.log.close()
        self.folder.cleanup()

    # The operator.

    def launch(self, binary, resync):
        return subprocess.Popen(
            [binary, "run", "--kubeconfig", self.at["kubeconfig_operator"],
             "--netbird-url", self.at["netbird_url"],
             "--netbird-token-file", self.at["netbird_token_file"],
             "--resync", resync, "--metrics-address", "127.0.0.1:0"],
            stderr=self.log, stdout=self.log)

    def start_operator(self):
        self.operator = self.launch(BUILD / "nbkeys", "5s")

    def stop_operator(self):
        if self.operator is not None and self.operator.poll() is None:
            self.operator.send_signal(signal.SIGTERM)
            self.operator.wait(timeout=30)

    def operator_log(self):
        self.log.flush()
        return (Path(self.folder.name) / "nbkeys.log").read_text("utf-8")

    # Kubernetes and NetBird, by plain HTTP.

    def call(self, base, method, path, body=None, content_type="application/json"):
        auth = f"Bearer {self.kube_token}" if base == "kube" else f"Token {self.netbird_token}"
        data = body.encode() if isinstance(body, str) else (json.dumps(body).encode() if body else None)
        request = urllib.request.Request(
            self.at[f"{base}_url"] + path, data=data, method=method,
            headers={"Authorization": auth, "Content-Type": content_type})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise DemoError(f"{method} {path}: {error.code} {error.read().decode()[:300]}") from error

    def kube(self, method, path, body=None, content_type="application/json"):
        return self.call("kube", method, path, body, content_type)

    def netbird(self, method, path, body=None):
        return self.call("netbird", method, path, body)

    def apply(self, text):
        """Server-side apply of the SetupKeys in a manifest; other kinds need a real cluster."""
        names = []
        for document in re.split(r"^---$", text, flags=re.M):
            if not re.search(r"^kind: SetupKey$", document, flags=re.M):
                continue
            name = re.search(r"^metadata:\n(?:  .*\n)*?  name: (\S+)", document, flags=re.M)[1]
            self.kube("PATCH", f"{KEYS}/{name}?fieldManager=demo&force=true", document,
                      "application/apply-patch+yaml")
            names.append(name)
        return names

    def patch(self, name, body):
        self.kube("PATCH", f"{KEYS}/{name}", body, "application/merge-patch+json")

    def key(self, name):
        return self.kube("GET", f"{KEYS}/{name}")

    def status(self, name):
        return (self.key(name) or {}).get("status", {})

    def condition(self, name, kind):
        for c in self.status(name).get("conditions", []):
            if c["type"] == kind:
                return c
        return {}

    def is_ready(self, name):
        key = self.key(name)
        observed = key.get("status", {}).get("observedGeneration")
        ready = self.condition(name, "Ready").get("status") == "True"
        return ready and observed == key["metadata"]["generation"]

    def secret_text(self, name):
        secret = self.kube("GET", f"{SECRETS}/{name}")
        return base64.b64decode(secret["data"]["setup-key"]).decode() if secret else None

    def netbird_keys(self):
        return self.netbird("GET", "/api/setup-keys")

    def wait(self, what, condition):
        began = time.monotonic()
        while time.monotonic() - began < DEADLINE_S:
            if condition():
                return time.monotonic() - began
            if self.operator is not None and self.operator.poll() not in (None, -signal.SIGKILL):
                raise DemoError(f"nbkeys ended with {self.operator.returncode}:\n{self.operator_log()}")
            time.sleep(0.05)
        raise DemoError(f"this did not happen within {DEADLINE_S} s: {what}\n{self.operator_log()}")

    def kill_operator_after(self, pattern):
        """The next request that matches reaches the server; its sender is killed before the answer."""
        self.netbird("POST", "/sandbox/faults",
                     {"kind": "kill-after", "pattern": pattern, "kill_pid": self.operator.pid})

    def end_faults(self):
        self.netbird("DELETE", "/sandbox/faults")


def sandbox_is_built():
    return os.access(BUILD / "nbkeys", os.X_OK) and os.access(BUILD / "tests" / "nbkeys_sandbox", os.X_OK)
