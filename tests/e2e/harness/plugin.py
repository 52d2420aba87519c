"""The verbs of nbkeys as a person or a script calls them."""

import json
import os
import subprocess
from dataclasses import dataclass

from .nbkeys import binary


@dataclass(frozen=True)
class Called:
    code: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)

    @property
    def line(self):
        """The one line that was told on standard error."""
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, f"not one line: {self.err!r}"
        return lines[0]


def verb(scene, *words, kubeconfig=None, netbird=False, url=None, token_file=None, stdin=None,
         namespace=True, program=None, env=None, timeout=60.0):
    """Calls one verb in the scene's namespace, as the admin where no kubeconfig is given."""
    flags = [f"--kubeconfig={kubeconfig or scene.world.control_plane.kubeconfig}"]
    if namespace:
        flags.append(f"--namespace={scene.namespace}")
    if netbird:
        flags += [f"--netbird-url={url or scene.world.netbird.url}",
                  f"--netbird-token-file={token_file or scene.world.token_file}"]
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith("NBKEYS_") and key != "NO_COLOR"}
    done = subprocess.run(
        [str(program or binary()), *map(str, words), *flags], capture_output=True, text=True,
        input=stdin if stdin is not None else "", check=False, timeout=timeout,
        env={**kept, "NO_PROXY": "127.0.0.1,localhost", **(env or {})})
    return Called(done.returncode, done.stdout, done.stderr)
