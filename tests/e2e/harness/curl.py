"""HTTP by curl, so that what the tests see does not pass through the product's own client."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    status: int  # 0: nobody answered
    body: str

    def json(self):
        return json.loads(self.body)


def curl(method, url, body=None, headers=(), timeout=20.0, cacert=None):
    """One request. Headers go through a file, which keeps tokens out of the process list."""
    with tempfile.NamedTemporaryFile("w", prefix="curl-") as config:
        for header in headers:
            config.write(f'header = "{header}"\n')
        config.flush()
        argv = ["curl", "--silent", "--show-error", "--noproxy", "*", "--config", config.name,
                "--max-time", str(timeout), "--request", method, "--write-out", "\n%{http_code}"]
        if cacert:
            argv += ["--cacert", str(cacert)]
        if body is not None:
            argv += ["--header", "Content-Type: application/json", "--data-binary", "@-"]
        done = subprocess.run(
            [*argv, url], input=None if body is None else json.dumps(body),
            capture_output=True, text=True, check=False)
    text, _, status = done.stdout.rpartition("\n")
    if done.returncode != 0:
        return Answer(0, done.stderr.strip())
    return Answer(int(status), text)


def curl_many(method, urls, headers=(), body=None, cacert=None):
    """The same request to many addresses over a few connections; answers are dropped."""
    if not urls:
        return
    with tempfile.TemporaryDirectory(prefix="curl-") as folder:
        config = Path(folder) / "config"
        lines = [f'header = "{header}"' for header in headers]
        if body is not None:
            (Path(folder) / "body").write_text(json.dumps(body))
            lines.append(f'data-binary = "@{folder}/body"')
        if cacert:
            lines.append(f'cacert = "{cacert}"')
        for url in urls:
            lines += [f'url = "{url}"', 'output = "/dev/null"']
        config.write_text("\n".join(lines) + "\n")
        subprocess.run(
            ["curl", "--silent", "--noproxy", "*", "--parallel", "--parallel-max", "8",
             "--request", method, "--config", config], check=True)
