"""A lane: a namespace with its people, its operator behind proxies of its own, or two of them."""

import threading
import time
from functools import partial

from harness.admin import path_of
from harness.kubernetes import write_kubeconfig
from harness.nbkeys import Operator
from harness.proxy import Proxy
from harness.world import OPERATOR_NAMESPACE, POST_OF_KEY

from journal import Entry
from people import People
from windows import classify

LEADER_FLAGS = ("--leader-elect", "--lease-duration=4s", "--renew-deadline=3s",
                "--retry-period=1s")


class Seat:
    """One operator and the two proxies in front of it. The keeper starts it whenever it ends."""

    def __init__(self, lane, name):
        self.lane = lane
        self.arena = lane.arena
        self.name = name
        self.modes = []  # callables(seat, entry) -> Rule or None
        self.identity = None
        self.accepts = {}
        self.lives = 0
        self.started = 0.0
        self.requests = 0
        self.struck_at = None
        self.wanted = threading.Event()
        self.lock = threading.Lock()
        world = self.arena.world
        self.kube_proxy = Proxy(
            f"{name}-kube", world.control_plane.url, self.arena.certificate,
            world.control_plane.ca_file, arbiter=partial(self._arbitrate, "kube")).start()
        self.netbird_proxy = Proxy(
            f"{name}-netbird", world.netbird_server.url, observed=POST_OF_KEY,
            observe=self.arena.key_made, arbiter=partial(self._arbitrate, "netbird")).start()
        kubeconfig = write_kubeconfig(
            world.folder / f"{name}.kubeconfig", self.kube_proxy.url, self.arena.certificate[0],
            self.arena.kube_token, OPERATOR_NAMESPACE)
        self.operator = Operator(name, world.folder, kubeconfig, self.netbird_proxy.url,
                                 lane.token_file)
        world.operators.append(self.operator)
        threading.Thread(target=self._keep, daemon=True).start()

    # Life of the process

    def start(self, *flags):
        self.operator.flags = [f"--watch-namespace={self.lane.namespace}", "--resync=3s", *flags]
        self.wanted.set()

    def stop(self):
        with self.lock:
            self.wanted.clear()
        self.operator.stop()

    def _keep(self):
        while True:
            self.wanted.wait()
            with self.lock:
                if not self.wanted.is_set():
                    continue
                self.operator.launch()
                self.lives += 1
                self.started = time.monotonic()
                self.requests = 0
                self.struck_at = None
            status = self.operator.process.child.wait()
            if self.wanted.is_set():
                self.arena.ended(self, status)

    def may_be_struck(self):
        now = time.monotonic()
        return self.operator.running() and (self.struck_at is None or now - self.struck_at > 10)

    def claim_strike(self):
        """The blow is aimed. It does not fall where the request breaks off before its time."""
        self.struck_at = time.monotonic()

    def strike(self):
        """SIGKILL. True where the process was alive."""
        with self.lock:
            if not self.operator.running():
                return False
            self.struck_at = time.monotonic()
            self.operator.strike()
            return True

    # Traffic

    def _arbitrate(self, server, record, head, body):
        kind, name = classify(server, record.method, record.path, body)
        entry = self.arena.journal.add(Entry(self.name, kind, name, record), head, body)
        self.arena.check_token(server, head.header("authorization"))
        self.requests += 1
        if kind == "lease" and record.method != "GET":
            self.identity = self.arena.identity(body) or self.identity
        if kind in ("list", "watch"):
            self.accepts[self.arena.resource(record.path), kind] = (
                record.path, head.header("accept"))
        for mode in list(self.modes):
            rule = mode(self, entry)
            if rule is not None:
                return rule
        return None

    def cut(self):
        """Breaks off all connections to kube-apiserver, watches among them."""
        self.kube_proxy.stop()
        self.kube_proxy.start()


class Lane:
    def __init__(self, arena, number, rng, names):
        self.arena = arena
        self.namespace = f"chaos-{number}"
        self.token_file = arena.world.write_token(f"token-{number}", arena.netbird.token)
        self.seats = [Seat(self, f"lane-{number}-a"), Seat(self, f"lane-{number}-b")]
        self.people = People(self, rng, names, arena.groups, arena.wanted_kinds)
        self.rng = rng

    @property
    def seat(self):
        return self.seats[0]

    def start(self):
        self.seat.start()

    def pair(self):
        """Two replicas instead of one operator."""
        self.seat.stop()
        for seat in self.seats:
            seat.start(*LEADER_FLAGS, f"--lease-namespace={self.namespace}")

    def single(self):
        for seat in self.seats:
            seat.stop()
        self.seat.start()

    def holder(self):
        path = path_of("lease", self.namespace, "nbkeys")
        return ((self.arena.admin.get(path) or {}).get("spec") or {}).get("holderIdentity")

    def leader(self):
        holder = self.holder()
        found = [seat for seat in self.seats if seat.identity and seat.identity == holder]
        return found[0] if found else None

    def listed(self):
        """A seat whose operator has listed both kinds, or None."""
        for seat in self.seats:
            if {resource for resource, kind in seat.accepts if kind == "list"} == {
                    "setupkeys", "secrets"}:
                return seat
        return None

    def clear(self):
        for seat in self.seats:
            seat.modes = []
