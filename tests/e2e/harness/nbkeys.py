"""The operator under test: the real binary as a process, with what a test wants to vary."""

import os
import signal
import subprocess
from pathlib import Path

from .curl import curl
from .process import Process, free_ports, tail
from .wait import until

ROOT = Path(__file__).resolve().parents[3]


def binary():
    return Path(os.environ.get("NBKEYS_BINARY", ROOT / "build" / "release" / "nbkeys"))


class Operator:
    """One `nbkeys run`. flags are further command line words, e.g. ["--resync=2s"]."""

    def __init__(self, name, folder, kubeconfig, netbird_url, token_file, flags=()):
        self.name = name
        self.folder = Path(folder)
        self.kubeconfig = kubeconfig
        self.netbird_url = netbird_url
        self.token_file = token_file
        self.flags = list(flags)
        self.metrics_port = None
        self.log_path = self.folder / f"{name}.log"
        self.process = None

    def argv(self):
        return [binary(), "run", f"--kubeconfig={self.kubeconfig}",
                f"--netbird-url={self.netbird_url}", f"--netbird-token-file={self.token_file}",
                f"--metrics-address=127.0.0.1:{self.metrics_port}",
                "--log-level=trace", "--log-format=json", *self.flags]

    def env(self):
        # The environment twins of the flags must not reach the operator from outside the test.
        kept = {key: value for key, value in os.environ.items() if not key.startswith("NBKEYS_")}
        return {**kept, "NO_PROXY": "127.0.0.1,localhost"}

    def launch(self):
        """Starts the process without waiting for it to be ready."""
        if not binary().exists():
            raise RuntimeError(f"{binary()} is not built: make build, or set NBKEYS_BINARY")
        # A fresh port each time: connections to the last one may linger in the kernel.
        self.metrics_port = free_ports(1)[0]
        self.process = Process(self.name, self.argv(), self.log_path, env=self.env()).start()
        return self

    def start(self):
        self.launch()
        self.process.await_ready("ready", self.ready)
        return self

    def restart(self):
        self.stop()
        return self.start()

    def ready(self):
        return self.probe("readyz").status == 200

    def probe(self, path):
        return curl("GET", f"http://127.0.0.1:{self.metrics_port}/{path}", timeout=5)

    def metrics(self):
        answer = self.probe("metrics")
        assert answer.status == 200, f"/metrics answered {answer.status} {answer.body}"
        return answer.body

    def keep_metrics(self):
        """Leaves the metrics in the run's folder for the search for keys."""
        if self.running():
            answer = self.probe("metrics")
            if answer.status == 200:
                with open(self.folder / f"{self.name}.metrics", "a", encoding="utf-8") as out:
                    out.write(answer.body)

    @property
    def pid(self):
        return self.process.pid if self.process else None

    def running(self):
        return self.process is not None and self.process.running()

    def stop(self):
        """SIGTERM as Kubernetes does it. Returns the exit status."""
        if self.process is None:
            return None
        self.keep_metrics()
        return self.process.stop()

    def kill(self):
        if self.process is not None:
            self.process.kill()

    def strike(self):
        """SIGKILL without waiting, for the proxy's threads."""
        if self.process is not None:
            self.process.signal(signal.SIGKILL)

    def freeze(self):
        self.process.signal(signal.SIGSTOP)

    def thaw(self):
        self.process.signal(signal.SIGCONT)

    def await_exit(self, timeout=30.0):
        """Waits for the process to end by itself. Returns the exit status."""
        try:
            return self.process.child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {timeout:g} s\n"
                                 f"{self.log_tail()}") from None

    def await_struck(self, timeout=30.0):
        status = self.await_exit(timeout)
        assert status == -signal.SIGKILL, f"{self.name} ended with {status}\n{self.log_tail()}"

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_tail(self, lines=60):
        return f"--- {self.log_path.name}, last lines\n{tail(self.log_path, lines)}"

    def await_log(self, text, timeout=30.0):
        until(f"{self.name} logs {text!r}", lambda: text in self.log(), timeout,
              explain=self.log_tail)
