"""Child processes with a log file, and free loopback ports."""

import os
import random
import signal
import socket
import subprocess
from pathlib import Path

from .wait import until


def free_ports(count):
    """Returns that many free loopback ports, all different.

    From below the range that the kernel gives to outgoing connections: one of those could take
    such a port between now and the moment when a server listens on it.
    """
    lowest_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    candidates = range(10000, lowest_outgoing if lowest_outgoing > 15000 else 65536)
    found = []
    for port in random.sample(candidates, len(candidates)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError(f"there are no {count} free ports on 127.0.0.1")


def tail(path, lines=40):
    """Returns the last lines of a text file, or a word about its absence."""
    path = Path(path)
    if not path.exists():
        return f"({path.name} was never written)"
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


class Process:
    """One child process whose output goes to a log file."""

    def __init__(self, name, argv, log_path, env=None, cwd=None):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log_path = Path(log_path)
        self.env = env
        self.cwd = cwd
        self.child = None

    def start(self):
        # setpriv makes the kernel end the child when this process dies, however it dies, and
        # then becomes the child, so the process id is the child's own.
        argv = ["setpriv", "--pdeathsig", "KILL", "--", *self.argv]
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env=self.env, cwd=self.cwd, start_new_session=True)
        return self

    @property
    def pid(self):
        return self.child.pid if self.child else None

    def running(self):
        return self.child is not None and self.child.poll() is None

    def signal(self, number):
        if self.running():
            os.kill(self.child.pid, number)

    def stop(self, timeout=15.0):
        """SIGTERM, then SIGKILL after the timeout. Returns the exit status."""
        if self.child is None:
            return None
        if self.running():
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
        try:
            return self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self):
        """SIGKILL. Returns the exit status."""
        if self.child is None:
            return None
        self.signal(signal.SIGKILL)
        return self.child.wait(10)

    def await_ready(self, what, probe, timeout=60.0):
        """Waits for probe(), and fails at once when the process ends before that."""
        def ready():
            if not self.running():
                raise RuntimeError(
                    f"{self.name} ended with {self.child.returncode} before {what}\n"
                    f"{tail(self.log_path)}")
            return probe()
        until(f"{self.name}: {what}", ready, timeout, 0.05, lambda: tail(self.log_path))
        return self
