"""Images without a builder: the sandbox that holds a pod's network, and archives for containerd."""

import hashlib
import io
import json
import re
import subprocess
import tarfile
from pathlib import Path

# Sleeps until it is told to end; as process 1 of the sandbox it must ask for the signals.
PAUSE = r"""
#include <signal.h>
#include <unistd.h>
static void end(int signal) { _exit(signal == SIGTERM || signal == SIGINT ? 0 : 1); }
int main(void) {
  signal(SIGTERM, end);
  signal(SIGINT, end);
  signal(SIGCHLD, SIG_IGN);
  for (;;) pause();
}
"""


def archive(path, name, files, entrypoint, user="65532:65532"):
    """Writes a docker-archive of one layer. files: {path in the image: (bytes, mode)}."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for target, (content, mode) in sorted(files.items()):
            entry = tarfile.TarInfo(target.lstrip("/"))
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    blob = layer.getvalue()
    config = json.dumps({
        "architecture": "amd64", "os": "linux",
        "config": {"Entrypoint": entrypoint, "User": user},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(blob).hexdigest()]},
    }).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name],
                            "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(path, "w") as tar:
        for entry_name, content in ((config_name, config), ("layer.tar", blob),
                                    ("manifest.json", manifest)):
            entry = tarfile.TarInfo(entry_name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def pause_archive(folder, name):
    folder = Path(folder)
    (folder / "pause.c").write_text(PAUSE)
    subprocess.run(["gcc", "-static", "-Os", "-s", "-o", folder / "pause", folder / "pause.c"],
                   check=True)
    return archive(folder / "pause.tar", name, {"/pause": ((folder / "pause").read_bytes(), 0o755)},
                   ["/pause"])


def program_archive(folder, name, program):
    """A dynamically linked program with its libraries and this machine's CAs, as the Dockerfile
    leaves them. For trying out a build quickly; what users run is the Dockerfile's image."""
    files = {"/usr/local/bin/nbkeys": (Path(program).read_bytes(), 0o755)}
    listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    for library in re.findall(r"(/\S+) \(0x", listed):
        files[library] = (Path(library).resolve().read_bytes(), 0o755)
    bundle = Path("/etc/ssl/certs/ca-certificates.crt")
    if bundle.exists():
        files[str(bundle)] = (bundle.read_bytes(), 0o644)
    return archive(Path(folder) / "program.tar", name, files, ["/usr/local/bin/nbkeys"])
