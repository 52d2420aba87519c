"""What is measured, one phase after the other. Each adds its figures to the results."""

import json
import os
import subprocess
import time
from pathlib import Path

import day
from lab import BUILD, ROOT, image_environment
from measure import MB, WRITES, by_name, get, parts_mb, pss_mb, status_mb, threads, total

RESYNC = 5  # seconds, where resyncs are counted
RESYNCS = 10
SCRAPES = 10
BURSTS = 3


class Counts:
    """How many of everything; --scale makes fewer of all."""

    def __init__(self, scale):
        def some(count):
            return max(4, round(count * scale))
        self.applies = some(200)
        self.small = some(1000)
        self.large = some(10000)
        self.unrelated = some(30000)
        self.cuts = some(288)  # one each five minutes of a day


class Bench:
    def __init__(self, lab, counts):
        self.lab = lab
        self.counts = counts
        self.results = {}
        self.floors = []

    def say(self, **figures):
        for name, value in figures.items():
            self.results[name] = round(value, 3) if isinstance(value, float) else value
            print(f"  {name}: {self.results[name]}", flush=True)

    # The floor: before and after what is held against it

    def floor(self):
        """The calls without the logic. The operator must not run: it would make them too."""
        self.lab.stop_operator()
        here = ("-namespace=floor", "-floor")
        found = {"latency": self.lab.run("latency", *here, f"-count={self.counts.applies}",
                                         "-prefix=one")}
        self.lab.await_quiet()
        found["burst"] = self.lab.run("floor", *here, f"-count={self.counts.small}",
                                      "-prefix=all")
        self.lab.await_quiet()
        found["existing"] = self.lab.run("floor", *here, "-existing",
                                         f"-count={self.counts.small}", "-prefix=late")
        self.lab.await_quiet()
        found["six"] = self.lab.run("floor", *here, "-all", f"-count={self.counts.small}",
                                    "-prefix=six")
        self.lab.await_quiet()
        found["six_latency"] = self.lab.run("latency", *here, "-all", "-prefix=sixth",
                                            f"-count={self.counts.applies}")
        for prefix in ("one", "all", "late"):
            self.lab.run("cleanup", *here, f"-prefix={prefix}")
        for prefix in ("six", "sixth"):
            self.lab.run("cleanup", *here, "-all", f"-prefix={prefix}")
        self.lab.await_quiet()
        self.floors.append(found)
        print(f"  floor: {found['burst']['seconds']:.2f} s for {self.counts.small}, "
              f"p50 {found['latency']['p50_ms']:.1f} ms", flush=True)

    def mean(self, phase, figure):
        return sum(each[phase][figure] for each in self.floors) / len(self.floors)

    def against_floor(self):
        if not self.floors:
            return
        for figure in ("p50_ms", "p95_ms", "p99_ms"):
            self.say(**{f"floor_{figure}": self.mean("latency", figure)})
        self.say(floor_six_p50_ms=self.mean("six_latency", "p50_ms"))
        seconds, six = self.mean("burst", "seconds"), self.mean("six", "seconds")
        small = self.counts.small
        self.say(floor_burst_seconds=seconds, floor_six_seconds=six,
                 floor_existing_keys_per_second=small / self.mean("existing", "seconds"),
                 floor_cpu_ms_per_key=self.mean("existing", "issue_cpu_seconds") * 1000 / small)
        if "latency_p50_ms" in self.results:
            for at in ("p50", "p95", "p99"):
                ratio = self.results[f"latency_{at}_ms"] / self.results[f"floor_{at}_ms"]
                self.say(**{f"latency_{at}_ratio": ratio})
            self.say(latency_six_ratio=self.results["latency_p50_ms"]
                     / self.results["floor_six_p50_ms"])
        if "burst_seconds" in self.results:
            self.say(burst_ratio=self.results["burst_seconds"] / seconds,
                     burst_six_ratio=self.results["burst_seconds"] / six)

    # The phases

    def idle(self):
        self.say(start_to_ready_ms=self.lab.start_operator())
        self.lab.settle()
        pid = self.lab.pid
        self.say(idle_rss_mb=status_mb(pid, "VmRSS"), idle_pss_mb=pss_mb(pid),
                 idle_threads=threads(pid), idle_rss_parts_mb=parts_mb(pid))

    def latency(self):
        self.lab.need_operator()
        here = ("-namespace=bench", "-prefix=apply")
        found = self.lab.run("latency", *here, f"-count={self.counts.applies}")
        self.say(**{f"latency_{at}_ms": found[f"{at}_ms"] for at in ("p50", "p95", "p99")})
        self.lab.run("cleanup", *here)
        self.lab.settle()

    def _burst(self, prefix, count):
        """Returns the figures, none where no SetupKey was missing."""
        before, cpu, keys = self.lab.metrics(), self.lab.cpu(), self.lab.keys
        found = self.lab.grow_to(count)
        if found is None:
            return {}
        self.lab.settle()
        calls = self.lab.metrics().calls_since(before)
        new = count - keys
        # Lists belong to resyncs, and how many of those were due depends on the time taken.
        lists = min(total(calls, "netbird", operation="list_keys"), 1 + int(found["seconds"] / 270))
        used = self.lab.cpu() - cpu
        return {f"{prefix}_keys": new, f"{prefix}_seconds": found["seconds"],
                f"{prefix}_cpu_seconds": used, f"{prefix}_cpu_ms_per_key": used * 1000 / new,
                f"{prefix}_netbird_per_key": (total(calls, "netbird") - lists) / new,
                f"{prefix}_kube_per_key": total(calls, "kubernetes") / new,
                f"{prefix}_calls": by_name(calls)}

    def burst(self):
        """The middle one of three: a short burst says much about what else the machine does."""
        self.lab.need_operator()
        found = []
        for left in reversed(range(BURSTS)):
            found.append(self._burst("burst", self.counts.small))
            if left:
                self.lab.shrink()
                self.lab.settle()
        print("  each: " + ", ".join(f"{one['burst_seconds']:.2f} s" for one in found), flush=True)
        found.sort(key=lambda one: one["burst_seconds"])
        self.say(**found[BURSTS // 2])
        self.say(rss_small_mb=status_mb(self.lab.pid, "VmRSS"))

    def large(self):
        self.lab.need_operator()
        self.say(**self._burst("large", self.counts.large))
        self.say(rss_large_mb=status_mb(self.lab.pid, "VmRSS"),
                 peak_large_mb=status_mb(self.lab.pid, "VmHWM"),
                 rss_large_parts_mb=parts_mb(self.lab.pid))

    def unrelated(self):
        self.lab.need_operator()
        self.lab.settle()
        before = status_mb(self.lab.pid, "VmRSS")
        self.lab.run("unrelated", "-namespace=unrelated", f"-count={self.counts.unrelated}")
        self.lab.settle()
        self.say(unrelated_growth_mb=status_mb(self.lab.pid, "VmRSS") - before)

    def restart(self):
        self.lab.grow_to(self.counts.large)
        self.lab.stop_operator()
        self.lab.await_quiet()
        began = time.monotonic()
        ready = self.lab.start_operator(f"{RESYNC}s")
        now = self.lab.await_caught_up()
        self.say(restart_ready_ms=ready, restart_seconds=time.monotonic() - began,
                 restart_cpu_seconds=self.lab.cpu(),
                 restart_peak_mb=status_mb(self.lab.pid, "VmHWM"),
                 restart_calls=by_name({kind: int(n) for kind, n in now.requests.items()}))
        self.lab.await_quiet()
        self.say(restart_rss_mb=status_mb(self.lab.pid, "VmRSS"))

    def steady(self):
        self.lab.grow_to(self.counts.large)
        self.lab.start_operator(f"{RESYNC}s")
        self.lab.await_caught_up()
        self.await_lists(1)
        before, cpu = self.lab.metrics(), self.lab.cpu()
        self.await_lists(RESYNCS)
        calls = self.lab.metrics().calls_since(before)
        self.say(steady_netbird_per_resync=total(calls, "netbird") / RESYNCS,
                 steady_kube_calls=total(calls, "kubernetes"),
                 steady_kube_writes=total(calls, "kubernetes", WRITES),
                 steady_cpu_ms_per_resync=(self.lab.cpu() - cpu) * 1000 / RESYNCS,
                 steady_rss_mb=status_mb(self.lab.pid, "VmRSS"),
                 steady_peak_mb=status_mb(self.lab.pid, "VmHWM"))

    def await_lists(self, more):
        """Waits for whole lists of NetBird's keys, with what they lead to."""
        kind = ("netbird", "GET", "list_keys")
        wanted = self.lab.metrics().requests.get(kind, 0) + more
        deadline = time.monotonic() + 60 + more * RESYNC * 3
        while True:
            now = self.lab.metrics()
            if now.requests.get(kind, 0) >= wanted and now.caught_up(self.lab.keys):
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"no {more} lists came within reason")
            time.sleep(RESYNC / 10)

    def scrape(self):
        """What a Prometheus with the default metrics costs: one with each SetupKey by name."""
        self.lab.grow_to(self.counts.large)
        self.lab.start_operator(per_object=True)
        self.lab.settle()
        before, cpu = status_mb(self.lab.pid, "VmRSS"), self.lab.cpu()
        for _ in range(SCRAPES):
            status, text = get(self.lab.operator.metrics_port, "/metrics")
            assert status == 200, f"/metrics answered {status}"
        self.say(scrape_mb=len(text) / MB, scrape_cpu_ms=(self.lab.cpu() - cpu) * 1000 / SCRAPES,
                 scrape_growth_mb=status_mb(self.lab.pid, "VmRSS") - before,
                 scrape_peak_mb=status_mb(self.lab.pid, "VmHWM"))
        self.lab.stop_operator()

    def day(self):
        self.lab.grow_to(self.counts.large)
        self.say(**day.run(self.lab, self.counts.cuts))

    def engine(self):
        default = ROOT / "build" / "release" / "tests" / "bench" / "engine_bench"
        program = Path(os.environ.get("NBKEYS_ENGINE_BENCH", default))
        if not program.exists():
            print(f"  {program} is not built: no figures of the engine alone", flush=True)
            return
        out = BUILD / "engine.json"
        quick = [] if self.counts.large >= 10000 else ["--counts=100,1000"]
        subprocess.run([program, f"--json={out}", *quick], check=True,
                       env={**os.environ, **image_environment()})
        found = json.loads(out.read_text())
        largest = str(max(found["counts"]))
        self.say(engine_growth=max(found["growth"].values()), engine_growths=found["growth"],
                 engine_bytes_per_key=found["bytes_per_key"][largest],
                 engine_ns={kind: by[largest] for kind, by in found["nanoseconds"].items()})


# In this order; a phase that needs SetupKeys makes those that are missing.
PHASES = ("idle", "latency", "burst", "large", "unrelated", "restart", "steady", "scrape", "day",
          "engine")
HELD_AGAINST_FLOOR = {"latency", "burst"}


def run(bench, only):
    chosen = [phase for phase in PHASES if not only or phase in only]
    compared = HELD_AGAINST_FLOOR & set(chosen)
    if compared:
        print("floor, before", flush=True)
        bench.floor()
    for phase in chosen:
        print(phase, flush=True)
        getattr(bench, phase)()
        if compared and not HELD_AGAINST_FLOOR & set(chosen[chosen.index(phase) + 1:]):
            print("floor, after", flush=True)
            bench.floor()
            bench.against_floor()
            compared = set()
    return bench.results
