"""A day of broken watches and replaced tokens, in minutes: does memory grow?"""

from cutter import Cutter
from lab import OPERATOR_NAMESPACE, until, write_kubeconfig
from measure import status_mb

WATCHES = 2  # SetupKeys and Secrets


class Tokens:
    """Two tokens for each server, in turn in the file that the operator reads."""

    def __init__(self, lab):
        self.world = lab.world
        self.kube = [lab.operator_token, self._kube_token()]
        self.netbird = [self.world.netbird.token, self.world.netbird.create_token("second")[1]]
        self.kube_file = self.world.write_token("operator-token-in-turn", self.kube[0])
        self.turns = 0

    def _kube_token(self):
        within = self.world.kubectl.within(OPERATOR_NAMESPACE)
        return within.run("create", "token", "nbkeys", "--duration=23h").strip()

    def replace(self):
        self.turns += 1
        self.world.write_token(self.kube_file.name, self.kube[self.turns % 2])
        self.world.write_token(self.world.token_file.name, self.netbird[self.turns % 2])

    def kubeconfig(self, url):
        """The operator's, by way of the proxy and with the token in a file."""
        path = write_kubeconfig(self.world.folder / "day.kubeconfig", url,
                                self.world.control_plane.ca_file, "", OPERATOR_NAMESPACE)
        path.write_text(path.read_text().replace("token: ''", f"tokenFile: {self.kube_file}"))
        return path


def lists(lab):
    return lab.metrics().requests.get(("netbird", "GET", "list_keys"), 0)


def turn(lab, tokens, cutter):
    """One cut and one replacement, until the operator has taken both in its stride."""
    before = lists(lab)
    tokens.replace()
    cutter.cut()
    until("both watches are open again", lambda: cutter.settled(WATCHES), 60, 0.02,
          lab.operator.log_tail)
    # A new token leads to a new list.
    until("NetBird's keys are listed with the new token",
          lambda: lists(lab) > before and lab.metrics().caught_up(lab.keys), 60, 0.05,
          lab.operator.log_tail)


def run(lab, turns):
    """Growth is counted from when a tenth is over: what is allocated once is there by then."""
    cutter = Cutter(lab.world.control_plane.url)
    try:
        tokens = Tokens(lab)
        lab.start_operator(kubeconfig=tokens.kubeconfig(cutter.url))
        lab.await_caught_up()
        warm = max(2, turns // 10)
        base = 0.0
        for number in range(turns):
            if number == warm:
                base = status_mb(lab.pid, "VmRSS")
            turn(lab, tokens, cutter)
        growth = status_mb(lab.pid, "VmRSS") - base
        ended = lab.metrics().requests.get(("kubernetes", "GET", "watch"), 0)
        return {"day_turns": turns, "day_watches_ended": int(ended), "day_growth_mb": growth,
                "day_rss_mb": base + growth, "day_peak_mb": status_mb(lab.pid, "VmHWM")}
    finally:
        lab.stop_operator()
        cutter.stop()
