"""The world of a run: servers, lanes, the journal of all requests, the checker and the figures."""

import hashlib
import json
import os
import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from harness import collected
from harness.admin import Admin
from harness.nbkeys import binary
from harness.process import tail
from harness.proxy import make_certificate
from harness.world import OPERATOR_NAMESPACE, World

import checker
from journal import Journal
from lane import Lane
from netbird_direct import NetBirdDirect
from report import Report
from strikes import Killer, Loser

LANES = 3
NAMES_PER_LANE = 12
PACE = 0.25  # seconds between two deeds in one namespace
# A burnt claim backs off and a late POST is waited out, for half a minute each, by design; the
# rest is for a busy machine.
QUIET_MAX = 180.0
CHECK_GAP = 2.0


class Arena:
    def __init__(self, seed, folder=None):
        self.seed = seed
        self.rng = random.Random(seed)
        self.report = Report(seed)
        self.world = World(folder)
        self.findings_lock = threading.Lock()
        self.digests = {}
        self.tokens = set()
        self.kube_token = None
        self.lanes = []
        self.unexpected = []
        self.killer = Killer(random.Random(self.rng.random()), self.report.kills)
        self.loser = Loser(random.Random(self.rng.random()), self.report.lost)
        self.peers = 0
        self.numbers = 0
        self.theme = None

    # Set-up

    def start(self):
        if not binary().exists():
            raise RuntimeError(f"{binary()} is not built: make build, or set NBKEYS_BINARY")
        world = self.world.start()
        self.journal = Journal(world.folder)
        self.netbird = NetBirdDirect(world.netbird_server.url, world.netbird.token)
        self.tokens.add(world.netbird.token)
        self.admin = Admin(world.control_plane)
        self.certificate = make_certificate(world.folder, "lane-proxy")
        self.kube_token = world.kubectl.within(OPERATOR_NAMESPACE).run(
            "create", "token", "nbkeys", "--duration=24h").strip()
        world.issued.token(self.kube_token)
        self.groups = [world.netbird.create_group(f"chaos-{n}")["id"] for n in range(3)]
        for number in range(LANES):
            self._open_namespace(f"chaos-{number}")
            names = [f"key-{number}-{n:02d}" for n in range(NAMES_PER_LANE)]
            self.lanes.append(Lane(self, number, random.Random(self.rng.random()), names))
        for lane in self.lanes:
            lane.people.leave()
            lane.start()
        return self

    def _open_namespace(self, name):
        """With the rights for a Lease, which deploy/ gives in the operator's own namespace."""
        kubectl = self.world.kubectl
        kubectl.run("create", "namespace", name)
        rules = [{"apiGroups": ["coordination.k8s.io"], "resources": ["leases"],
                  "verbs": ["create", "get", "update", "patch"]}]
        api = "rbac.authorization.k8s.io"
        meta = {"name": "lease", "namespace": name}
        kubectl.apply(
            {"apiVersion": f"{api}/v1", "kind": "Role", "metadata": meta, "rules": rules},
            {"apiVersion": f"{api}/v1", "kind": "RoleBinding", "metadata": meta,
             "roleRef": {"apiGroup": api, "kind": "Role", "name": "lease"},
             "subjects": [{"kind": "ServiceAccount", "name": "nbkeys",
                           "namespace": OPERATOR_NAMESPACE}]})

    def stop(self):
        for lane in self.lanes:
            lane.people.stop()
            lane.clear()
            for seat in lane.seats:
                seat.stop()
                seat.kube_proxy.stop()
                seat.netbird_proxy.stop()
        self.world.stop()

    def next_number(self):
        with self.findings_lock:
            self.numbers += 1
            return self.numbers

    # What the proxies report

    def key_made(self, record, request, answer):
        if record.status == 200:
            made = json.loads(answer)
            self.world.issued.key(made["key"])
            self.digests[made["id"]] = hashlib.sha256(made["key"].encode()).hexdigest()

    def check_token(self, server, header):
        """A token goes to the server that it is for, and nowhere else."""
        kind, _, token = header.partition(" ")
        right = (kind == "Bearer" and token == self.kube_token if server == "kube"
                 else kind == "Token" and token in self.tokens)
        if not right:
            self.note(f"token: a request to {server} carries another credential ({kind} …)")

    def note(self, text):
        with self.findings_lock:
            self.unexpected.append(text)

    def ended(self, seat, status):
        """An operator has ended. By SIGKILL is our doing; a former leader ends by itself. And an
        API server that has not read its roles yet refuses what it will allow: who starts then,
        ends with a line for people, and is started again."""
        leads = "--leader-elect" in seat.operator.flags
        refused = (status == 1 and self.theme in ("apiserver", "etcd")
                   and " is forbidden: " in tail(seat.operator.log_path, 1))
        if refused:
            self.report.refused += 1
        elif status != -9 and not (leads and status > 0):
            self.note(f"crash: {seat.name} ended with {status}\n{seat.operator.log_tail(20)}")

    @staticmethod
    def identity(body):
        return json.loads(body).get("spec", {}).get("holderIdentity")

    @staticmethod
    def resource(path):
        return "secrets" if re.search(r"/secrets\?", path) else "setupkeys"

    def wanted_kinds(self):
        return {kind for kind, _ in self.killer.rarest(8)}

    @property
    def seats(self):
        return [seat for lane in self.lanes for seat in lane.seats]

    def each_lane(self, work):
        """Calls work(lane) for all lanes side by side."""
        with ThreadPoolExecutor(len(self.lanes)) as pool:
            list(pool.map(work, self.lanes))

    # A round

    def round(self, theme, trouble, *modes):
        """Runs trouble() while people are at work, then waits in quiet until all is sound."""
        began = time.monotonic()
        self.theme = theme
        for lane in self.lanes:
            lane.seat.modes = list(modes)
            lane.people.start(PACE)
        try:
            trouble()
        finally:
            for lane in self.lanes:
                lane.people.stop()
                lane.clear()
        self.assert_servers()
        quiet = time.monotonic()
        for lane in self.lanes:
            lane.people.leave()
            for seat in lane.seats:
                seat.operator.keep_metrics()
        self.await_sound(theme)
        now = time.monotonic()
        self.report.rounds.append((theme, quiet - began, now - quiet))
        print(f"  {theme}: {quiet - began:.1f} s of trouble, sound {now - quiet:.1f} s later; "
              f"{self.report.total_kills()} kills", flush=True)
        self.enrol()

    def assert_servers(self):
        world = self.world
        for each in (world.control_plane.etcd, world.control_plane.apiserver,
                     world.control_plane.controllers, world.netbird_server.process):
            assert each.running(), f"{each.name} does not run\n{each.log_path}"

    def check(self):
        self.report.checks += 1
        seen = checker.look(self.world.kubectl, self.netbird, self.journal.posts(),
                            dict(self.digests), time.time)
        for secret in seen.secrets:
            self.world.learn(secret)
        return checker.judge(seen)

    def await_sound(self, theme):
        """Sound twice in a row, some seconds apart."""
        began = time.monotonic()
        good = 0
        while True:
            for lane in self.lanes:
                lane.people.ask_for_what_is_limited()
            findings = self.check()
            with self.findings_lock:
                unexpected = list(self.unexpected)
            good = 0 if findings else good + 1
            if good == 2 and not unexpected:
                return
            late = time.monotonic() - began > QUIET_MAX
            final = any(each.what == "twice" for each in findings) or unexpected
            if late or final:
                self.fail(theme, findings, unexpected)
            time.sleep(CHECK_GAP)

    def fail(self, theme, findings, unexpected):
        told = [*unexpected, *map(str, findings)]
        self.report.findings += told
        parts = [f"seed {self.seed}, round {theme}: {len(told)} findings", *told[:20]]
        for finding in findings[:4]:
            parts.append(f"--- the last requests about {finding.who}")
            parts.append(self.journal.about(finding.needles))
            if "/" in finding.who:
                namespace, name = finding.who.split("/")
                parts.append(self.world.kubectl.within(namespace).dump("setupkey", name))
        parts += [seat.operator.log_tail(15) for seat in self.seats if seat.wanted.is_set()]
        raise AssertionError("\n".join(parts))

    def enrol(self, count=1):
        """A real peer enrols with the key in a Secret, as a workload would read it."""
        seen = checker.look(self.world.kubectl, self.netbird, [], {}, time.time)
        revoked = {each["metadata"]["uid"] for each in seen.setup_keys
                   if each["spec"].get("revoked")}
        usable = [each for each in seen.secrets if
                  each["metadata"]["labels"]["keys.netbird.io/setupkey-uid"] not in revoked]
        for secret in self.rng.sample(sorted(usable, key=checker.where_is), count):
            self.peers += 1
            peer = self.world.peer(f"chaos-peer-{self.peers}", self.world.learn(secret))
            try:
                peer.start().await_enrolled(self.world.netbird, 60)
                self.report.enrolments += 1
            finally:
                peer.stop()

    # The end

    def collect(self):
        """Writes down all that the cluster shows of the run, for the search."""
        self.journal.flush()
        with open(self.world.folder / "objects.yaml", "a", encoding="utf-8") as out:
            for kind in ("setupkeys", "events"):
                out.write(self.world.kubectl.run(
                    "get", kind, "--all-namespaces", "--output=yaml", "--show-managed-fields"))
        self.report.searched = sum(len(text) for _, text in collected.files(self.world.folder))

    def finish(self):
        self.report.requests = self.journal.counts()
        self.report.deeds = sum(lane.people.deeds for lane in self.lanes)
        self.report.keys = len(self.digests)
        print("\n" + self.report.table(), flush=True)
        self.report.write()


def minutes():
    return float(os.environ.get("NBKEYS_CHAOS_MINUTES", "12"))


def seed():
    return int(os.environ.get("NBKEYS_CHAOS_SEED", "4"))
