"""What the tests stand on: the sandbox, operators and a Prometheus as processes on loopback, each
ended by whoever started it."""
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("NBKEYS_BUILD", ROOT / "build" / "release"))
BIN = Path(os.environ.get("NBKEYS_PROMETHEUS", "."))
RULES = ROOT / "deploy" / "monitoring" / "rules.yaml"
DASHBOARD = ROOT / "deploy" / "monitoring" / "dashboard.json"
README = ROOT / "deploy" / "monitoring" / "README.md"
KEYS = "/apis/keys.netbird.io/v1alpha1/namespaces/default/setupkeys"
SECRETS = "/api/v1/namespaces/default/secrets"
PATIENCE_S = 60


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what, condition, patience_s=PATIENCE_S):
    """Gives back the first true value of the condition."""
    until = time.monotonic() + patience_s
    while True:
        if value := condition():
            return value
        assert time.monotonic() < until, f"did not happen within {patience_s} s: {what}"
        time.sleep(0.2)


def get(url, headers=None):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=20) as a:
        return a.read().decode()


class Process:
    def __init__(self, command, log):
        self.log = log
        with open(log, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def alive(self):
        assert self.process.poll() is None, self.log.read_text("utf-8")[-2000:]
        return True


class Sandbox:
    def __init__(self, folder):
        self.process = subprocess.Popen(
            [BUILD / "tests" / "nbkeys_sandbox", "--state-dir", folder / "sandbox"],
            stdout=subprocess.PIPE, text=True)
        self.at = json.loads(self.process.stdout.readline())
        read = lambda name: Path(self.at[name]).read_text("utf-8")
        self.authorization = {"kube": "Bearer " + read("kube_admin_token_file"),
                              "netbird": "Token " + read("netbird_admin_token_file")}

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=10)

    def call(self, base, method, path, body=None, content_type="application/json"):
        request = urllib.request.Request(
            self.at[f"{base}_url"] + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": self.authorization[base], "Content-Type": content_type})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def apply(self, name, **spec):
        self.call("kube", "POST", KEYS, {"apiVersion": "keys.netbird.io/v1alpha1", "kind": "SetupKey",
                                         "metadata": {"name": name}, "spec": spec})

    def patch(self, name, body):
        self.call("kube", "PATCH", f"{KEYS}/{name}", body, "application/merge-patch+json")

    def status(self, name):
        return self.call("kube", "GET", f"{KEYS}/{name}").get("status", {})

    def reason(self, name):
        return next((c["reason"] for c in self.status(name).get("conditions", [])
                     if c["type"] == "Ready"), None)

    def is_reason(self, name, reason):
        return wait_for(f"{name} is {reason}", lambda: self.reason(name) == reason)

    def enrol(self, name, times):
        import base64
        text = self.call("kube", "GET", f"{SECRETS}/{name}")["data"]["setup-key"]
        key = base64.b64decode(text).decode()
        for _ in range(times):
            self.call("netbird", "POST", "/sandbox/enrol", {"key": key})

    def fault(self, **fault):
        self.call("netbird", "POST", "/sandbox/faults", fault)

    def end_faults(self):
        self.call("netbird", "DELETE", "/sandbox/faults")

    def events(self):
        return self.call("kube", "GET", "/api/v1/namespaces/default/events")["items"]


class Operator(Process):
    def __init__(self, folder, sandbox, name, *flags):
        self.port = free_port()
        at = sandbox.at
        super().__init__(
            [BUILD / "nbkeys", "run", "--kubeconfig", at["kubeconfig_operator"],
             "--netbird-url", at["netbird_url"], "--netbird-token-file", at["netbird_token_file"],
             "--resync", "2s", "--leader-elect", "--lease-namespace", "default",
             "--metrics-address", f"127.0.0.1:{self.port}", "--log-format", "json", *flags],
            folder / f"{name}.log")

    def metrics(self):
        return get(f"http://127.0.0.1:{self.port}/metrics")

    def leads(self):
        self.alive()
        try:
            return 'leader_election_master_status{name="nbkeys"} 1' in self.metrics()
        except (urllib.error.URLError, ConnectionError):
            return False


class Prometheus(Process):
    def __init__(self, folder, *operators):
        self.url = f"http://127.0.0.1:{free_port()}"
        targets = [f"127.0.0.1:{operator.port}" for operator in operators]
        config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                  "rule_files": [str(RULES)],
                  "scrape_configs": [{"job_name": "nbkeys", "honor_labels": True,
                                      "static_configs": [{"targets": targets}]}]}
        file = folder / "prometheus.yaml"  # JSON is YAML
        file.write_text(json.dumps(config), "utf-8")
        super().__init__(
            [BIN / "prometheus", f"--config.file={file}", f"--storage.tsdb.path={folder / 'tsdb'}",
             f"--web.listen-address={self.url.removeprefix('http://')}", "--log.level=warn"],
            folder / "prometheus.log")
        wait_for("Prometheus is ready", self.is_ready)

    def is_ready(self):
        self.alive()
        try:
            return bool(get(self.url + "/-/ready"))
        except (urllib.error.URLError, ConnectionError):
            return False

    def ask(self, path, **query):
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            answer = json.loads(get(url))
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{query}: {error.read().decode()}") from error
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression):
        return self.ask("query", query=expression)["result"]

    def alerts(self):
        rules = [r for group in self.ask("rules")["groups"] for r in group["rules"]]
        return {rule["name"]: rule for rule in rules}

    def scraped_anew(self):
        """Waits until what was so before this call has been scraped and evaluated."""
        now = time.time()
        wait_for("a new scrape", lambda: all(
            float(r["value"][1]) > now for r in self.query('timestamp(up{job="nbkeys"})')))
        wait_for("a new evaluation", lambda: all(
            g["lastEvaluation"] > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now + 1))
            for g in self.ask("rules")["groups"]))


def dashboard_queries():
    """(title, expression as Grafana would send it) of each panel."""
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"].replace("$__rate_interval", "15s")
            for variable in ("$job", "$team"):
                expression = expression.replace(variable, ".*")
            assert "$" not in expression, expression
            yield panel["title"], expression
