#!/usr/bin/env python3
"""How fast and how small the operator is, on the real servers, against the bare calls.

Prints one table with targets and the comparison with an earlier run; writes the figures as JSON
into build/bench/latest.json. A run with --only or a --scale other than 1 goes to its own file there
and does not replace that one.
"""

import argparse
import datetime
import json
import os
import signal
import sys
from pathlib import Path

import report
from lab import BUILD, Lab
from phases import PHASES, Bench, Counts, run


def machine():
    with open("/proc/meminfo", encoding="ascii") as info:
        gigabytes = int(info.readline().split()[1]) / 1024 / 1024
    return f"{os.cpu_count()} cores and {gigabytes:.0f} GB"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="of all counts; 0.05 for a trial")
    parser.add_argument("--only", choices=PHASES, nargs="+", default=[], metavar="PHASE",
                        help=f"some phases, with what they need: {' '.join(PHASES)}")
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--compare", type=Path, help="figures of an earlier run")
    parser.add_argument("--strict", action="store_true", help="a missed target ends with status 1")
    parser.add_argument("--readme", action="store_true",
                        help="write README's table from the last figures, without measuring")
    return parser.parse_args()


def target_file(options):
    if options.json:
        return options.json
    trial = [f"scale-{options.scale:g}"] if options.scale != 1 else []
    trial += options.only
    return BUILD / (f"trial-{'-'.join(trial)}.json" if trial else "latest.json")


def earlier_figures(options):
    path = options.compare or BUILD / "latest.json"
    if path.exists():
        return json.loads(path.read_text())
    if options.compare:
        sys.exit(f"bench.py: there is no {path}")
    return None


def measure(options):
    counts = Counts(options.scale)
    lab = Lab()
    try:
        results = run(Bench(lab.start(), counts), options.only)
    finally:
        lab.stop()
    results["when"] = datetime.datetime.now().isoformat(sep=" ", timespec="minutes")
    results["scale"] = options.scale
    results["machine"] = machine()
    results["load_average"] = os.getloadavg()
    results["counts"] = vars(counts)
    return results


def main():
    options = arguments()
    BUILD.mkdir(parents=True, exist_ok=True)
    if options.readme:
        figures = json.loads((options.json or BUILD / "latest.json").read_text())
        print("\n".join(report.readme_lines(figures)))
        return report.write_readme(figures)
    # SIGTERM unwinds the stack, so that the servers end on it too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    earlier = earlier_figures(options)
    results = measure(options)
    target_file(options).write_text(json.dumps(results, indent=1) + "\n")
    print("\n" + "\n".join(report.table(results) + report.calls(results)))
    if earlier is not None:
        print("\n" + "\n".join(report.comparison(results, earlier)))
    missed = report.missed(results)
    print(f"\nfigures: {target_file(options)}; {len(missed)} targets missed")
    return 1 if options.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
