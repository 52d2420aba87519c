"""Targets, the table of one run, the comparison of two, and README's short version."""

import operator
import re
from dataclasses import dataclass

from lab import ROOT

README = ROOT / "README.md"
BEGIN = "<!-- written by `make bench` -->"
END = "<!-- end of what `make bench` writes -->"
HOLDS = {"<=": operator.le, "<": operator.lt, "=": operator.eq}


@dataclass(frozen=True)
class Row:
    """A figure by its name in the results. The target is for the ratio to the floor, where there
    is one. {small} and the like in the text are counts of the run."""

    figure: str
    text: str
    form: str = "{:.1f}"
    target: tuple = None  # (how, bound)
    floor: str = None
    ratio: str = None


ROWS = (
    Row("start_to_ready_ms", "start to ready", "{:.0f} ms"),
    Row("idle_rss_mb", "idle: RSS", "{:.1f} MB", ("<=", 12)),
    Row("idle_pss_mb", "idle: PSS", "{:.1f} MB"),
    Row("idle_threads", "idle: threads", "{}"),
    Row("latency_p50_ms", "apply to Secret, p50", "{:.1f} ms", ("<=", 1.3), "floor_p50_ms",
        "latency_p50_ratio"),
    Row("latency_p50_ms", "apply to Secret, p50, against all calls that it takes", "{:.1f} ms",
        None, "floor_six_p50_ms", "latency_six_ratio"),
    Row("latency_p95_ms", "apply to Secret, p95", "{:.1f} ms", None, "floor_p95_ms",
        "latency_p95_ratio"),
    Row("latency_p99_ms", "apply to Secret, p99", "{:.1f} ms", None, "floor_p99_ms",
        "latency_p99_ratio"),
    Row("burst_seconds", "burst of {small}", "{:.2f} s", ("<=", 1.25), "floor_burst_seconds",
        "burst_ratio"),
    Row("burst_seconds", "burst of {small}, against all calls that it takes", "{:.2f} s", None,
        "floor_six_seconds", "burst_six_ratio"),
    Row("burst_cpu_ms_per_key", "burst of {small}: CPU per new key", "{:.2f} ms", ("<=", 0.8)),
    Row("floor_cpu_ms_per_key", "burst of {small}: CPU of the floor per key", "{:.2f} ms"),
    Row("burst_netbird_per_key", "burst of {small}: NetBird calls per new key", "{:.3f}", ("=", 1)),
    Row("burst_kube_per_key", "burst of {small}: Kubernetes calls per new key", "{:.2f}"),
    Row("rss_small_mb", "RSS at {small} SetupKeys", "{:.1f} MB"),
    Row("large_seconds", "burst to {large}", "{:.2f} s"),
    Row("large_cpu_ms_per_key", "burst to {large}: CPU per new key", "{:.2f} ms", ("<=", 0.8)),
    Row("large_netbird_per_key", "burst to {large}: NetBird calls per new key", "{:.3f}", ("=", 1)),
    Row("rss_large_mb", "RSS at {large} SetupKeys", "{:.1f} MB", ("<=", 40)),
    Row("unrelated_growth_mb", "growth from {unrelated} unrelated Secrets", "{:.2f} MB", ("<", 1)),
    Row("restart_seconds", "restart with {large}: until caught up", "{:.2f} s"),
    Row("restart_cpu_seconds", "restart with {large}: CPU", "{:.2f} s"),
    Row("restart_peak_mb", "restart with {large}: peak RSS", "{:.1f} MB", ("<=", 60)),
    Row("restart_rss_mb", "restart with {large}: RSS at rest", "{:.1f} MB", ("<=", 40)),
    Row("steady_netbird_per_resync", "steady: NetBird calls per resync", "{:.2f}", ("=", 1)),
    Row("steady_kube_writes", "steady: Kubernetes writes", "{}", ("=", 0)),
    Row("steady_kube_calls", "steady: Kubernetes calls in 10 resyncs", "{}"),
    Row("steady_cpu_ms_per_resync", "steady: CPU per resync", "{:.0f} ms"),
    Row("steady_peak_mb", "steady: peak RSS", "{:.1f} MB", ("<=", 60)),
    Row("scrape_mb", "scrape with {large} SetupKeys by name", "{:.1f} MB"),
    Row("scrape_cpu_ms", "scrape with {large} SetupKeys by name: CPU", "{:.0f} ms"),
    Row("scrape_peak_mb", "scrape with {large} SetupKeys by name: peak RSS", "{:.1f} MB",
        ("<=", 60)),
    Row("day_growth_mb", "growth over {cuts} reconnects and token changes", "{:.2f} MB", ("<", 2)),
    Row("engine_growth", "engine alone: cost of an event, 100 times the SetupKeys", "{:.2f} x",
        ("<=", 1.3)),
    Row("engine_bytes_per_key", "engine alone: memory per SetupKey", "{:.0f} B"),
)


def verdict(row, results):
    """PASS, MISS, or "" where nothing is demanded or measured."""
    value = results.get(row.ratio or row.figure)
    if row.target is None or value is None:
        return ""
    how, bound = row.target
    return "PASS" if HOLDS[how](value, bound) else "MISS"


def shown(form, value):
    return "" if value is None else form.format(value)


def cells(row, results):
    target = ""
    if row.target is not None:
        how, bound = row.target
        target = f"{how} {bound}" + (" x floor" if row.ratio else "")
    return [row.text.format(**results["counts"]), shown(row.form, results.get(row.figure)),
            shown(row.form, results.get(row.floor)), shown("{:.2f}", results.get(row.ratio)),
            target, verdict(row, results)]


def lines_of(table):
    widths = [max(map(len, column)) for column in zip(*table)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in table]


def measured(results):
    return [row for row in ROWS if results.get(row.figure) is not None]


def table(results):
    return lines_of([["", "measured", "floor", "ratio", "target", ""]]
                    + [cells(row, results) for row in measured(results)])


def calls(results):
    """Calls by kind, one line for each phase that counts them."""
    out = []
    for phase in ("burst", "large", "restart"):
        kinds = results.get(f"{phase}_calls")
        if kinds:
            out.append(f"{phase}: " + ", ".join(f"{kind} {n}" for kind, n in kinds.items()))
    return out


def comparison(results, earlier):
    if earlier["scale"] != results["scale"]:
        return [f"nothing to compare: the earlier run had --scale {earlier['scale']}"]
    rows = [["", "now", earlier["when"], "change"]]
    for row in measured(results):
        now, then = results[row.figure], earlier.get(row.figure)
        if then is None:
            continue
        change = f"{(now - then) / then * 100:+.1f} %" if then else ""
        rows.append([row.text.format(**results["counts"]), shown(row.form, now),
                     shown(row.form, then), change])
    return lines_of(rows)


def missed(results):
    return [row for row in ROWS if verdict(row, results) == "MISS"]


def readme_lines(r):
    """At most 15 lines, markers included."""
    def ratio(name):
        return f"{r[name]:.2f}"

    def growth(name):
        return f"{round(r[name], 1) + 0.0:+.1f} MB"  # + 0.0: no minus before a zero
    rows = [
        ("Idle", f"{r['idle_rss_mb']:.1f} MB RSS, ready {r['start_to_ready_ms']:.0f} ms after "
         "its start"),
        ("RSS at 1,000 and 10,000 SetupKeys",
         f"{r['rss_small_mb']:.1f} MB, {r['rss_large_mb']:.1f} MB"),
        ("Growth from 30,000 Secrets of others", growth("unrelated_growth_mb")),
        ("1,000 new SetupKeys at once",
         f"{r['burst_seconds']:.1f} s, {ratio('burst_six_ratio')} of the same calls by a program "
         f"that decides nothing; {r['burst_cpu_ms_per_key']:.2f} ms CPU and "
         f"{r['burst_netbird_per_key']:.0f} NetBird call each"),
        ("`kubectl apply` to Secret", f"p50 {r['latency_p50_ms']:.1f} ms, "
         f"p99 {r['latency_p99_ms']:.1f} ms; p50 is {ratio('latency_six_ratio')} of the same "
         "calls by that program"),
        ("At rest with 10,000", f"{r['steady_netbird_per_resync']:.0f} NetBird call and "
         f"{r['steady_cpu_ms_per_resync']:.0f} ms CPU per resync, {r['steady_kube_writes']} "
         "writes to Kubernetes"),
        ("Restart with 10,000", f"caught up in {r['restart_seconds']:.1f} s, "
         f"peak {r['restart_peak_mb']:.0f} MB"),
        (f"{r['counts']['cuts']} broken watches and token changes", growth("day_growth_mb")),
        ("The engine alone", f"{r['engine_bytes_per_key']:,} bytes for each SetupKey; with 100,000 "
         f"an event costs at most {ratio('engine_growth')} of what it costs with 1,000"),
    ]
    lines = [BEGIN, "| On " + r["machine"] + ", real servers beside it | |", "|---|---|"]
    return lines + [f"| {what} | {how} |" for what, how in rows] + [END]


def write_readme(results):
    """Returns what is wrong, or None."""
    lacking = [row.text for row in ROWS if row.figure in README_NEEDS
               and results.get(row.figure) is None]
    if lacking or results["scale"] != 1:
        return f"README takes a whole run at --scale 1 only; lacking: {lacking or 'nothing'}"
    text = README.read_text(encoding="utf-8")
    written = re.sub(re.escape(BEGIN) + ".*?" + re.escape(END),
                     lambda _: "\n".join(readme_lines(results)), text, count=1, flags=re.S)
    if BEGIN not in text:
        return f"README.md has no line {BEGIN}"
    README.write_text(written, encoding="utf-8")
    return None


README_NEEDS = {"start_to_ready_ms", "idle_rss_mb", "rss_small_mb", "rss_large_mb",
                "unrelated_growth_mb", "burst_seconds", "burst_cpu_ms_per_key",
                "burst_six_ratio", "latency_six_ratio", "engine_growth", "engine_bytes_per_key",
                "burst_netbird_per_key", "latency_p50_ms", "latency_p99_ms",
                "steady_netbird_per_resync", "steady_cpu_ms_per_resync", "steady_kube_writes",
                "restart_seconds", "restart_peak_mb", "day_growth_mb"}
