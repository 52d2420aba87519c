"""The themes of the rounds: what happens to servers, operators and their view of the cluster."""

import itertools
import sqlite3
import threading
import time

from harness.wait import until

from stale import Lag
from strikes import Pause
from windows import WRITES


class Troubles:
    """Each theme runs for about that many seconds; some steps have to be finished whatever."""

    def __init__(self, arena, seconds):
        self.arena = arena
        self.report = arena.report
        self.seconds = seconds

    def run(self, theme):
        getattr(self, theme)()

    def _turns(self, least=2):
        """Counts turns until the time is up; there are some in any case."""
        began = time.monotonic()
        for turn in itertools.count():
            if turn >= least and time.monotonic() - began > self.seconds:
                return
            yield turn

    @staticmethod
    def _let_pass(seconds):
        """Trouble needs time to happen in; nothing is waited for."""
        threading.Event().wait(seconds)

    # Operators

    def storm(self):
        self.arena.round("storm", lambda: self._let_pass(self.seconds), self.arena.killer)

    def lost(self):
        self.arena.round("lost", lambda: self._let_pass(self.seconds), self.arena.loser,
                         self.arena.killer)

    # Servers

    def _restarts(self, name, restart, least=2, done=lambda: None):
        def trouble():
            for turn in self._turns(least):
                self._let_pass(self.arena.rng.uniform(1.5, 3.5))
                how = ("SIGKILL", "SIGTERM")[turn % 2]
                restart(how)
                self.report.restarts[f"{name} {how}"] += 1
            self._let_pass(2)
            done()
        self.arena.round(name, trouble, self.arena.killer)

    def netbird(self):
        server = self.arena.world.netbird_server

        def restart(how):
            (server.process.kill if how == "SIGKILL" else server.process.stop)()
            self._let_pass(self.arena.rng.uniform(0.1, 1.0))
            server.start()
        self._restarts("netbird", restart, 3)

    def _control_plane(self, name, restart):
        plane = self.arena.world.control_plane
        self._restarts(name, restart, done=lambda: (
            # Its garbage collector backs off for longer than a round takes; it is not under test.
            plane.controllers.kill(), plane.start_controllers()))

    def apiserver(self):
        plane = self.arena.world.control_plane

        def restart(how):
            (plane.apiserver.kill if how == "SIGKILL" else plane.apiserver.stop)()
            plane.start_apiserver()
        self._control_plane("apiserver", restart)

    def etcd(self):
        plane = self.arena.world.control_plane

        def restart(how):
            (plane.etcd.kill if how == "SIGKILL" else plane.etcd.stop)()
            self._let_pass(self.arena.rng.uniform(0.1, 1.0))
            plane.start_etcd()
            if not plane.apiserver.running():
                plane.apiserver.start()
            until("kube-apiserver is ready", plane.ready, 60)
        self._control_plane("etcd", restart)

    # Two replicas

    def replicas(self):
        self.arena.each_lane(lambda lane: lane.pair())
        try:
            self.arena.round("replicas", lambda: self.arena.each_lane(self._pauses))
        finally:
            self.arena.each_lane(lambda lane: lane.single())

    def _pauses(self, lane):
        for turn in self._turns():
            self._pause(lane, turn)

    def _pause(self, lane, turn):
        """The leader is stopped with a write on its way, for longer than its lease. The other
        leads and works. Then the write lands, and the former leader goes on where it stood."""
        leader = until("somebody leads", lane.leader, 40, 0.3)
        with self.arena.killer.lock:
            kinds = sorted(WRITES, key=lambda kind: self.report.pauses[kind])
        pause = Pause(kinds[:5])
        leader.modes = [pause]
        try:
            if not pause.fired.wait(8):
                pause.kind = "between requests"
                leader.operator.freeze()
            self.report.pauses[pause.kind] += 1
            until("the other leads", lambda: lane.leader() not in (None, leader), 60, 0.3)
            other = lane.leader()
            before = other.requests if other else 0
            # Until the other has got some work done, where there is some.
            try:
                until("the other works", lambda: other.requests > before + 40, 4, 0.2)
            except AssertionError:
                pass
        finally:
            steps = [pause.landing.set, leader.operator.thaw]
            for step in (steps if turn % 2 else reversed(steps)):
                step()
                self._let_pass(0.2)
            leader.modes = []

    # Tokens

    def token(self):
        self.arena.round("token", lambda: self.arena.each_lane(self._tokens), self.arena.killer)

    def _tokens(self, lane):
        for turn in self._turns():
            number = self.arena.next_number()
            token_id = self._new_token(lane, f"chaos-{number}")
            self._let_pass(1.5)
            (self._expire if turn % 2 else self.arena.world.netbird.delete_token)(token_id)
            self._let_pass(lane.rng.uniform(1.0, 2.5))
            self._new_token(lane, f"chaos-{number}-next")
            self._let_pass(1.0)

    def _new_token(self, lane, name):
        """Puts a fresh token into the lane's file and waits until it is in use."""
        token_id, token = self.arena.world.netbird.create_token(name)
        self.arena.tokens.add(token)
        self.arena.world.write_token(lane.token_file.name, token)
        self.report.tokens += 1
        until(f"{lane.namespace} uses its new token", lambda: any(
            token in each.authorization for each in lane.seat.netbird_proxy.seen()[-50:]), 60, 0.2)
        return token_id

    def _expire(self, token_id):
        """NetBird's shortest term is a day, so the date in its database is moved."""
        path = self.arena.world.folder / "netbird" / "store.db"
        database = sqlite3.connect(path, timeout=30)
        try:
            with database:
                changed = database.execute(
                    "UPDATE personal_access_tokens SET expiration_date = ? WHERE id = ?",
                    ("2020-01-01 00:00:00+00:00", token_id)).rowcount
            assert changed == 1, f"{token_id} is not in NetBird's database"
        finally:
            database.close()

    # Stale views

    def stale_failover(self):
        """The operator that takes over sees the cluster as it was before the last one's work."""
        pair = self.arena.lanes[0]
        pair.pair()
        try:
            self.arena.round("stale failover", lambda: self.arena.each_lane(self._fail_over))
        finally:
            pair.single()

    def _fail_over(self, lane):
        self._stale(lane, "after failover", lambda lag: None,
                    lambda: [seat.strike() for seat in lane.seats])

    def time_travel(self):
        """The operator itself meets an older state than it has seen already."""
        self.arena.round("time travel", lambda: self.arena.each_lane(self._travel))

    def _travel(self, lane):
        self._stale(lane, "time travel", Lag.history_gone, lane.seat.cut)

    def _stale(self, lane, pattern, prepare, begin):
        seats = [seat for seat in lane.seats if seat.wanted.is_set()]
        until("the operator lists", lambda: lane.listed(), 60)
        for _ in self._turns():
            lag = Lag(lane.listed())
            self._let_pass(lane.rng.uniform(2.0, 4.0))
            prepare(lag)
            lag.serve()
            for seat in seats:
                seat.modes = [lag]
            begin()
            try:
                until("an older list is served", lambda: lag.served >= 2, 60)
                self._let_pass(lane.rng.uniform(2.0, 4.0))
            finally:
                lag.end()
                for seat in seats:
                    seat.modes = []
            self.report.stale[pattern] += 1
            self._let_pass(1.5)

    def missed(self):
        """Watches are cut, and when they are back, what came and went meanwhile is forgotten."""
        self.arena.round("missed states", lambda: self.arena.each_lane(self._miss))

    def _miss(self, lane):
        until("the operator lists", lambda: lane.listed(), 60)
        for _ in self._turns():
            lag = Lag(lane.listed())
            lag.refuse_reads = True
            lane.seat.modes = [lag, self.arena.killer]
            lane.seat.cut()
            for name in lane.rng.sample(lane.people.names, 4):
                deed = lane.rng.choice((self._recreate, self._replace, self._twice))
                deed(lane, name)
            lag.history_gone()
            lag.refuse_reads = False
            until("the watches are refused with 410", lambda: not lag.gone, 60)
            lag.end()
            lane.seat.modes = []
            self.report.stale["missed states"] += 1
            self._let_pass(1.5)

    @staticmethod
    def _recreate(lane, name):
        """Deleted and made again under the same name, so far as the finalizer lets it."""
        lane.people.remove(name)
        lane.people.do("rotate", name)

    @staticmethod
    def _replace(lane, name):
        lane.people.replace_secret(name)

    @staticmethod
    def _twice(lane, name):
        """A Secret that goes, and a SetupKey that is revoked and not revoked any more."""
        lane.people.drop_secret(name, None)
        for revoked in (True, False):
            lane.people.edit(name, revoked=revoked)


THEMES = ("storm", "lost", "netbird", "apiserver", "etcd", "replicas", "token", "stale_failover",
          "missed", "time_travel")
