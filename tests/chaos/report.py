"""The figures of a run: a table for people, and chaos.json for the table of what is proven."""

import json
import os
import time
from collections import Counter
from pathlib import Path

from windows import LOSABLE, REQUIRED, WHEN


class Report:
    def __init__(self, seed):
        self.seed = seed
        self.began = time.monotonic()
        self.kills = Counter()  # (kind, when)
        self.lost = Counter()  # (kind, "request" or "answer")
        self.restarts = Counter()  # server and how
        self.stale = Counter()  # pattern
        self.pauses = Counter()  # kind of the request that was held
        self.rounds = []  # (theme, seconds of trouble, seconds until sound)
        self.checks = 0
        self.enrolments = 0
        self.tokens = 0
        self.refused = 0  # operators that ended because a starting API server refused them
        self.findings = []
        self.requests = Counter()
        self.deeds = 0
        self.keys = 0
        self.searched = 0

    def total_kills(self):
        return sum(self.kills.values())

    def missing_windows(self):
        return [f"{kind}/{when}" for kind, when in REQUIRED if not self.kills[kind, when]]

    def table(self):
        lines = [f"seed {self.seed}"]
        lines += [f"  {theme:20} trouble {trouble:5.1f} s, sound after {quiet:5.1f} s"
                  for theme, trouble, quiet in self.rounds]
        kinds = list(dict.fromkeys((*LOSABLE, *(kind for kind, _ in self.kills))))
        head = "".join(f"{when:>9}" for when in WHEN)
        lines.append(f"  {'kills':18}{head}   lost: requests  answers    seen")
        for kind in kinds:
            row = "".join(f"{self.kills[kind, when] or '-':>9}" for when in WHEN)
            lost = (self.lost[kind, "request"] or "-", self.lost[kind, "answer"] or "-")
            lines.append(f"  {kind:18}{row}{lost[0]:>18}{lost[1]:>9}{self.requests[kind]:>8}")
        for name, counter in (("restarts", self.restarts), ("pauses", self.pauses),
                              ("stale views", self.stale)):
            told = ", ".join(f"{what} {count}" for what, count in sorted(counter.items()))
            lines.append(f"  {name}: {told or 'none'}")
        lines.append(f"  {self.total_kills()} kills, {sum(self.lost.values())} losses, "
                     f"{self.deeds} deeds of people, {self.keys} keys issued, "
                     f"{self.tokens} tokens replaced, {self.refused} starts refused by a starting "
                     f"API server, {self.checks} checks, "
                     f"{self.enrolments} enrolments, {self.searched:,} bytes searched, "
                     f"{len(self.findings)} findings")
        return "\n".join(lines)

    def figures(self):
        windows = sum(1 for window in REQUIRED if self.kills[window])
        return {
            "seed": self.seed, "rounds": len(self.rounds), "kills": self.total_kills(),
            "windows": windows, "windows_in_all": len(REQUIRED),
            "lost": sum(self.lost.values()), "restarts": sum(self.restarts.values()),
            "pauses": sum(self.pauses.values()), "stale_views": sum(self.stale.values()),
            "tokens": self.tokens, "keys": self.keys, "checks": self.checks,
            "enrolments": self.enrolments, "bytes_searched": self.searched,
            "findings": len(self.findings)}

    def write(self):
        folder = os.environ.get("NBKEYS_PROOF")
        if not folder:
            return
        Path(folder).mkdir(parents=True, exist_ok=True)
        n = self.figures()
        line = (f"{n['rounds']} rounds, {n['kills']} kills in {n['windows']} windows, {n['lost']} "
                f"lost requests and answers, {n['restarts']} restarts of servers, {n['pauses']} "
                f"paused leaders, {n['stale_views']} stale views, {n['keys']} keys issued, "
                f"{n['enrolments']} peers enrolled, {n['findings']} findings")
        found = {"part": "chaos", "seconds": round(time.monotonic() - self.began, 1),
                 "figures": n, "lines": [line]}
        (Path(folder) / "chaos.json").write_text(json.dumps(found, indent=1) + "\n")
