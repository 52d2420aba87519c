#!/usr/bin/env python3
"""Writes README's table of what is proven from what the last run of each part left in build/proof, and
into CONTRIBUTING's table of all parts how long they took.

Each part of the tests leaves <part>.json there (<part>.N.json where it ran as several processes):
its figures, which are added up, and the line that is shown for them. A part that has not run since
keeps the figures that README has. With --check: README has every row, whatever its figures.
"""
import argparse
import datetime
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
BEGIN = "<!-- written by `make proof-table` -->"
END = "<!-- end of what `make proof-table` writes -->"


def left_out():
    lines = (ROOT / "tests" / "lasting" / "kept.txt").read_text().split()
    return sum(line.startswith("-") for line in lines)


# part: what is proven, how it is shown, the command that repeats it
ROWS = {
    "model": ("No revision makes two keys, no key in use is ended unasked, no stranger's Secret is "
              "written; from every state all comes to rest with one live key",
              "exhaustive walk through the real decisions", "make model"),
    "mutation": ("The walk would see a bug", "deliberate bugs, one at a time", "make model"),
    "sim": ("The same for many keys and two replicas, for months, under every kind of trouble; no key or "
            "token in anything that is written", "deterministic simulation of the whole engine",
            "make simulate SEEDS=1000"),
    "lasting": ("A trouble that stays costs little, is told once and heals soon after it ends; what has "
                "to end, ends, and nobody else waits for it",
                "the whole engine on virtual time, hours of one fault at a time; `tests/lasting/kept.txt` "
                f"names the {left_out()} worlds that are beyond their bounds", "make lasting"),
    "sim_coverage": ("The simulation reaches the engine", "lines and branches of `src/engine` by gcov",
                     "make coverage"),
    "chaos": ("The same for the real binary: no stray, none missing, every Secret works; nothing leaks",
              "kills, lost answers, restarts, pauses, stale servers on a real kube-apiserver, etcd and "
              "NetBird", "make chaos"),
    "fuzz": ("Hostile bytes crash nothing, hang nothing and stay within bounds",
             "libFuzzer with ASan and UBSan on every parser of foreign bytes", "make fuzz"),
}


def joined(folder, part):
    """The figures of a part's last run, added up over its processes; None where it left none."""
    figures, lines, newest = {}, [], 0.0
    for path in sorted(folder.glob("*.json")):
        if path.name.split(".")[0] != part:
            continue
        newest = max(newest, path.stat().st_mtime)
        found = json.loads(path.read_text())
        lines += found.get("lines", [])
        for name, value in found.get("figures", {}).items():
            figures[name] = figures[name] + value if name in figures else value
    if not figures and not lines:
        return None
    text = "; ".join(lines) or ", ".join(f"{v:,} {n}" for n, v in figures.items())
    return f"{text} ({datetime.date.fromtimestamp(newest).isoformat()})"


def known_rows(section):
    """What README says now: the last run of each row, by its first two cells."""
    rows = {}
    for line in section.splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if len(cells) == 4:
            rows[cells[0]] = cells
    return rows


def table(folder, before):
    out = ["| what | how | last run | again |", "|---|---|---|---|"]
    for part, (what, how, command) in ROWS.items():
        last = joined(folder, part)
        if last is None:
            last = before.get(what, ["", "", "not run yet", ""])[2]
        out.append(f"| {what} | {how} | {last.replace('|', '/')} | `{command}` |")
    return "\n".join(out)


def with_times(text, times):
    """The last cell of each part's row: seconds, and seconds of a core."""
    def row(found):
        if found[2] not in times:
            return found[0]
        seconds, processor = times[found[2]]
        return f"{found[1]} {seconds:,} s, {processor:,} s |"

    return re.sub(r"^(\| `([a-z0-9-]+)` \|.*\|) [^|]* \|$", row, text, flags=re.MULTILINE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only look whether README has every row")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "proof")
    options = parser.parse_args()
    text = README.read_text()
    found = re.search(re.escape(BEGIN) + r"\n(.*?)\n?" + re.escape(END), text, re.DOTALL)
    if found is None:
        sys.exit(f"README.md has no place for the table: {BEGIN}")
    before = known_rows(found[1])
    if options.check:
        for what, how, command in ROWS.values():
            cells = before.get(what)
            if cells is None or cells[1] != how or cells[3] != f"`{command}`" or "not run" in cells[2]:
                sys.exit(f"README.md: the row of `{command}` is not current: run it, then `make proof-table`")
        return
    section = BEGIN + "\n" + table(options.folder, before) + "\n" + END
    README.write_text(text[: found.start()] + section + text[found.end():])
    if (times := options.folder / "times.json").exists():
        CONTRIBUTING.write_text(with_times(CONTRIBUTING.read_text(), json.loads(times.read_text())))


if __name__ == "__main__":
    main()
