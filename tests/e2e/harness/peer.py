"""Real NetBird peers, in netstack mode: no root and no TUN device."""

import os
import shutil
import tempfile
from pathlib import Path

from .process import Process
from .wait import until


class Peer:
    """Enrols with a setup key; REQUIRES: a name that no other peer of the run has."""

    def __init__(self, binaries, folder, management_url, name, key):
        # A Unix socket's path is limited to about 100 characters, hence a short folder of its own.
        self.home = Path(tempfile.mkdtemp(prefix="nbp-", dir="/tmp"))
        self.name = name
        key_file = self.home / "setup-key"
        key_file.touch(mode=0o600)
        key_file.write_text(key)
        # The client keeps state below /var/lib unless it is told otherwise.
        env = {**os.environ, "NB_USE_NETSTACK_MODE": "true", "HOME": str(self.home),
               "NB_STATE_DIR": str(self.home), "NB_DISABLE_PROFILES": "true"}
        self.process = Process(name, [
            Path(binaries) / "netbird", "up", "--foreground-mode",
            f"--config={self.home}/config.json", "--log-file=console",
            f"--daemon-addr=unix://{self.home}/sock", f"--management-url={management_url}",
            f"--setup-key-file={key_file}", f"--hostname={name}", "--disable-dns",
            "--disable-client-routes", "--disable-server-routes",
        ], Path(folder) / f"{name}.peer.log", env=env)

    def start(self):
        self.process.start()
        return self

    def enrolled(self, netbird):
        """This peer as NetBird lists it, or None."""
        found = [peer for peer in netbird.peers() if peer["hostname"] == self.name]
        return found[0] if found else None

    def await_enrolled(self, netbird, timeout=30.0):
        def probe():
            assert self.process.running(), "the client has ended"
            return self.enrolled(netbird)
        return until(f"{self.name} enrols", probe, timeout, 0.3,
                     lambda: self.process.log_path.read_text(errors="replace")[-3000:])

    def await_refused(self, netbird, timeout=30.0):
        """Waits for the client to report that its key is not taken."""
        def probe():
            log = self.process.log_path.read_text(errors="replace").lower()
            return "setup key is invalid" in log or "permissiondenied" in log
        until(f"{self.name} is refused", probe, timeout, 0.3,
              lambda: self.process.log_path.read_text(errors="replace")[-3000:])
        assert self.enrolled(netbird) is None, f"{self.name} was refused and is listed"

    def stop(self):
        # A client in netstack mode leaves nothing behind that it would have to undo.
        self.process.kill()
        shutil.rmtree(self.home, ignore_errors=True)
