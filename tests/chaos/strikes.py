"""What may befall a request: kills, losses, pauses. Each is a rule of the fault proxy."""

import threading
import time

from harness.rules import Rule

from windows import LOSABLE, REQUIRED


class Strike(Rule):
    """SIGKILL to the operator in one window of this request."""

    def __init__(self, seat, entry, when, hit, delay=0.0):
        super().__init__(".*", "")
        self.seat = seat
        self.entry = entry
        self.when = when
        self.hit = hit
        self.late_by = delay

    @property
    def needs_whole_answer(self):
        return self.when != "before"

    def _kill(self):
        if self.seat.strike():
            self.entry.fate = f"killed {self.when}"
            self.hit(self.entry.kind, self.when)

    def before_forwarding(self, client):
        if self.when in ("before", "late"):
            self._kill()
        if self.when == "late":
            self.ended.wait(self.late_by)
        return self.when != "before"

    def before_passing_on(self):
        if self.when == "after":
            self._kill()
        return self.when == "answered"

    def after_passing_on(self):
        self._kill()


class Killer:
    """Kills each operator again and again, where it has been killed the least so far."""

    PATIENCE = 1.0

    def __init__(self, rng, kills):
        self.rng = rng
        self.kills = kills  # Counter of (kind, when)
        self.lock = threading.Lock()
        self.aims = {}

    def hit(self, kind, when):
        with self.lock:
            self.kills[kind, when] += 1

    def total(self):
        with self.lock:
            return sum(self.kills.values())

    def rarest(self, count):
        """The windows with the fewest kills."""
        with self.lock:
            return self._rarest(count)

    def _rarest(self, count):
        mixed = self.rng.sample(REQUIRED, len(REQUIRED))
        return sorted(mixed, key=lambda window: self.kills[window])[:count]

    def _aim(self, seat):
        """Made anew for each life of an operator: the window, and how long it is left alone."""
        life, aim = self.aims.get(seat.name, (None, None))
        if life != seat.lives:
            window = self.rng.choice(self._rarest(8))
            at_start = window[0] in ("list", "list-keys", "watch")
            aim = (window, 0.0 if at_start else self.rng.uniform(0.05, 0.5),
                   self.rng.uniform(0.5, 5.0))
            self.aims[seat.name] = (seat.lives, aim)
        return aim

    def __call__(self, seat, entry):
        with self.lock:
            if not seat.may_be_struck():
                return None
            (kind, when), grace, delay = self._aim(seat)
            age = time.monotonic() - seat.started
            if age < grace:
                return None
            if entry.kind != kind:
                when = self._second_best(entry.kind, age)
                if when is None:
                    return None
            seat.claim_strike()
        return Strike(seat, entry, when, self.hit, delay)

    def _second_best(self, kind, age):
        """Who waited in vain for the window takes one of the rarer ones, and then any."""
        windows = [each for each in REQUIRED if each[0] == kind]
        if age < self.PATIENCE or not windows:
            return None
        best = min(windows, key=lambda each: self.kills[each])
        fair = sum(self.kills.values()) / len(REQUIRED)
        return best[1] if self.kills[best] <= fair or age > 2 * self.PATIENCE else None


class Loss(Rule):
    def __init__(self, entry, what):
        super().__init__(".*", "", **{f"lose_{what}": True})
        entry.fate = f"{what} lost"


class Loser:
    """Loses requests and answers, of the kind that was lost the least so far."""

    GAP = 0.4

    def __init__(self, rng, lost):
        self.rng = rng
        self.lost = lost  # Counter of (kind, "request" or "answer")
        self.lock = threading.Lock()
        self.last = {}

    def __call__(self, seat, entry):
        now = time.monotonic()
        with self.lock:
            since = now - self.last.get(seat.name, 0.0)
            if entry.kind not in LOSABLE or since < self.GAP:
                return None
            what = self.rng.choice(("answer", "answer", "request"))
            if entry.kind == "watch":
                what = "request"  # the answer to a watch has no end that could be waited for
            fewest = min(self.lost[kind, "answer"] for kind in LOSABLE if kind != "watch")
            if self.lost[entry.kind, what] > fewest + 2 and since < 5 * self.GAP:
                return None
            self.last[seat.name] = now
            self.lost[entry.kind, what] += 1
        return Loss(entry, what)


class Pause:
    """Stops the operator at the next request of a kind, and holds that request."""

    def __init__(self, kinds):
        self.kinds = kinds
        self.kind = None
        self.fired = threading.Event()
        self.landing = threading.Event()
        self.lock = threading.Lock()

    def __call__(self, seat, entry):
        with self.lock:
            if self.kind is not None or entry.kind not in self.kinds:
                return None
            self.kind = entry.kind
        entry.fate = "held, its sender stopped"
        seat.operator.freeze()
        self.fired.set()
        return Rule(".*", "", hold=self.landing)
