"""An API server that lags: lists from an older moment, and watches that tell nothing new.

Reads of single objects and all writes go to the real server, as a lagging replica would pass them
on to etcd. When the lag ends, the watches break, and what opens them again is told all that
happened since.
"""

import threading

from harness.rules import Rule

ERROR_410 = (b'{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure",'
             b'"reason":"Expired","message":"too old resource version","code":410}}\n')


class Silence(Rule):
    """A watch that is opened and says nothing until it is broken off."""

    def __init__(self, over):
        super().__init__(".*", "")
        self.over = over

    def before_forwarding(self, client):
        client.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n")
        self.over.wait(120)
        return False


class Lag:
    """The state of a lane's namespace at the moment when it was made, for one operator.

    Without serve() it lets everything pass. history_gone() makes the next watch of each kind tell
    that its resourceVersion is too old, so that the operator lists again.
    """

    def __init__(self, seat):
        self.admin = seat.arena.admin
        self.lists = {}
        self.serving = False
        self.refuse_reads = False
        self.over = threading.Event()
        self.gone = set()
        self.served = 0
        for (resource, kind), (path, accept) in list(seat.accepts.items()):
            if kind == "list":
                status, body = self.admin.call("GET", path, accept=accept)
                assert status == 200, f"{path}: {status}"
                self.lists[resource] = body

    def serve(self):
        self.serving = True

    def history_gone(self):
        self.gone = {"setupkeys", "secrets"}

    def end(self):
        """The server has caught up."""
        self.serving = False
        self.refuse_reads = False
        self.over.set()

    def __call__(self, seat, entry):
        if entry.kind not in ("list", "watch"):
            return None
        resource = seat.arena.resource(entry.record.path)
        if self.refuse_reads:
            entry.fate = "refused"
            return Rule(".*", "", lose_request=True)
        if entry.kind == "watch" and resource in self.gone:
            self.gone.discard(resource)
            entry.fate = "410"
            return Rule(".*", "", status=200, body=ERROR_410)
        if not self.serving:
            return None
        self.served += 1
        if entry.kind == "watch":
            entry.fate = "silent"
            return Silence(self.over)
        entry.fate = "an older list"
        return Rule(".*", "", status=200, body=self.lists[resource])
