"""`judge watch` beside a running test: each state of one SetupKey as Argo CD and Flux see it."""

import json
import subprocess
import threading

from judge import HEALTH, program


def runs(values):
    """The values with repetitions taken out: [a, a, b, a] becomes [a, b, a]."""
    values = list(values)
    return [each for i, each in enumerate(values) if i == 0 or values[i - 1] != each]


class Watcher:
    """Use it in `with`. `lines` are the states so far; the judge reports all of them, as a watch
    on the API server misses none."""

    def __init__(self, kubectl, name):
        self.lines = []
        self.changed = threading.Condition()
        self.watching = False
        self.ended = False
        self.child = subprocess.Popen(
            [program(), "watch", HEALTH, kubectl.namespace, name], env=kubectl.env(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.child.stdout:
            with self.changed:
                state = json.loads(line)
                self.watching = True
                if state["event"] != "WATCHING":
                    self.lines.append(state)
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def __enter__(self):
        with self.changed:
            self.changed.wait_for(lambda: self.watching or self.ended, 30)
        assert self.watching, self.told()
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.reader.join(10)
        self.child.wait(10)

    def await_(self, what, wanted, since=0, timeout=40.0):
        """Waits for a state that `wanted` likes, at or after that number. Returns its number."""
        def find():
            return next((i for i, line in enumerate(self.lines) if i >= since and wanted(line)),
                        None)
        with self.changed:
            self.changed.wait_for(lambda: find() is not None or self.ended, timeout)
            found = find()
        assert found is not None, f"no {what}; {self.told()}"
        return found

    def await_flux(self, status, since=0, timeout=40.0):
        return self.await_(status, lambda line: line.get("flux") == status, since, timeout)

    def flux(self, since=0):
        return runs(line["flux"] for line in self.lines[since:])

    def argo(self, since=0):
        return runs(line["argo"] for line in self.lines[since:])

    def told(self):
        shown = [f"{line['event']} r{line.get('revision')} {line.get('flux')} {line.get('argo')} "
                 f"{line.get('conditions')}" for line in self.lines]
        if self.ended:
            shown.append(f"the judge has ended: {self.child.stderr.read()}")
        return "\n".join(["seen:", *shown])
