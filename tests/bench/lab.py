"""The real servers, the operator in front of nothing but them, and the client that loads both."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from harness.kubernetes import write_kubeconfig  # noqa: E402, F401
from harness.nbkeys import Operator  # noqa: E402
from harness.wait import until  # noqa: E402
from harness.world import OPERATOR_NAMESPACE, World  # noqa: E402, F401

from measure import Metrics, await_quiet, cpu_seconds, get  # noqa: E402

BUILD = Path(os.environ.get("NBKEYS_BENCH_BUILD", ROOT / "build" / "bench"))
CONNECTIONS = 8  # the operator's default, so the floor's and the creator's too
NAMESPACES = ("bench", "floor", "unrelated")


def build_client():
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run(["go", "build", "-trimpath", "-buildvcs=false", "-o", BUILD / "client", "."],
                   cwd=Path(__file__).parent / "client", check=True,
                   env={**os.environ, "GOWORK": "off", "GOFLAGS": "-mod=readonly"})
    return BUILD / "client"


def image_environment():
    """What the image sets, the allocator among it; but not the files that only the image has."""
    words = re.findall(r"^ENV (\w+)=(\S+)$", (ROOT / "Dockerfile").read_text(), flags=re.M)
    return {name: value for name, value in words if not name.endswith("_FILE")}


class Measured(Operator):
    """The operator as a user runs it: with the image's environment and the default log."""

    def env(self):
        return {**super().env(), **image_environment()}

    def argv(self):
        return [word for word in super().argv()
                if not str(word).startswith(("--log-level", "--log-format"))]


class Lab:
    def __init__(self):
        self.client = build_client()
        self.world = World()
        self.operator = None
        self.operators = 0
        self.keys = 0  # SetupKeys in the namespace bench

    def start(self):
        self.world.start()
        for name in NAMESPACES:
            self.world.kubectl.run("create", "namespace", name)
        config = yaml.safe_load(self.world.operator_kubeconfig_direct.read_text())
        self.operator_token = config["users"][0]["user"]["token"]
        self.world.write_token("operator-token", self.operator_token)
        self.world.write_token("admin-token", self.world.control_plane.admin_token)
        self.await_quiet()
        return self

    def stop(self):
        self.stop_operator()
        self.world.stop()
        self.world.remove()

    @property
    def server_pids(self):
        plane = self.world.control_plane
        return [plane.etcd.pid, plane.apiserver.pid, plane.controllers.pid,
                self.world.netbird_server.process.pid]

    @property
    def pid(self):
        return self.operator.pid

    # The client

    def run(self, command, *flags):
        """Runs the client to its end. Returns its figures."""
        plane, folder = self.world.control_plane, self.world.folder
        done = subprocess.run([
            self.client, command, f"-kube-url={plane.url}", f"-kube-ca={plane.ca_file}",
            f"-kube-token-file={folder}/admin-token",
            f"-operator-token-file={folder}/operator-token",
            f"-netbird-url={self.world.netbird_server.url}",
            f"-netbird-token-file={self.world.token_file}", f"-connections={CONNECTIONS}",
            *flags], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            tail = self.operator.log_tail(15) if self.operator else ""
            raise RuntimeError(f"the client's {command} failed; its words are above\n{tail}")
        return json.loads(done.stdout)

    # The operator

    def start_operator(self, resync="5m", kubeconfig=None, per_object=False):
        """Starts it. Returns the milliseconds from before the start until /readyz says yes.

        Its metrics are what the bench looks at again and again, so without per_object they have
        no series for each SetupKey: the looking must not be what is measured.
        """
        self.stop_operator()
        self.operators += 1
        self.operator = Measured(
            f"operator-{self.operators}", self.world.folder,
            kubeconfig or self.world.operator_kubeconfig_direct, self.world.netbird_server.url,
            self.world.token_file,
            [f"--resync={resync}", "--netbird-requests-per-minute=0", "--netbird-burst=0",
             f"--metrics-per-object={str(per_object).lower()}"])
        began = time.monotonic()
        self.operator.launch()
        until("the operator is ready", lambda: get(self.operator.metrics_port, "/readyz")[0] == 200,
              60, 0.002, self.operator.log_tail)
        return (time.monotonic() - began) * 1000

    def need_operator(self):
        if self.operator is None:
            self.start_operator()
            self.settle()

    def stop_operator(self):
        if self.operator is not None:
            self.operator.stop()
            self.operator = None

    def metrics(self):
        return Metrics(self.operator.metrics_port)

    def cpu(self):
        return cpu_seconds(self.pid)

    def await_caught_up(self, timeout=300.0, interval=0.05):
        """Waits until it knows everything and has nothing left to do. Returns the metrics then."""
        def probe():
            now = self.metrics()
            return now if now.caught_up(self.keys) else None
        return until(f"the operator has {self.keys} SetupKeys in order", probe, timeout, interval,
                     self.operator.log_tail)

    def settle(self):
        """Waits until nothing that a measurement has led to is still going on."""
        self.await_caught_up()
        self.await_quiet()

    def await_quiet(self):
        await_quiet(self.server_pids + ([self.pid] if self.operator else []), share=0.15)

    def grow_to(self, count):
        """Makes as many SetupKeys as are missing, and waits for them. Returns the client's
        figures, or None where none was missing."""
        missing = count - self.keys
        if missing <= 0:
            return None
        self.need_operator()
        figures = self.run("create", "-namespace=bench", f"-count={missing}",
                           f"-prefix=key{self.keys}")
        self.keys = count
        return figures

    def shrink(self):
        """Has the operator end all that grow_to made at once from nothing.

        Their Secrets are deleted here: the garbage collector makes 20 calls a second, and until it
        is through, the next SetupKeys of the same names would wait for theirs.
        """
        self.run("cleanup", "-namespace=bench", "-secrets", "-prefix=key0")
        self.keys = 0
