#!/usr/bin/env python3
"""How much of src/engine the simulation reaches: lines and branches, counted by gcov.

Builds core, fakes and simulation with --coverage in build/coverage, runs some seeds, and prints the
shares and what was never reached. With NBKEYS_PROOF it writes sim_coverage.json there.
"""
import argparse
import json
import os
import pathlib
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def build(folder, jobs):
    flags = "--coverage -O1 -fno-inline"
    subprocess.run(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DNBKEYS_TESTS=ON",
                    "-DCMAKE_CXX_FLAGS_DEBUG=" + flags, "-DCMAKE_EXE_LINKER_FLAGS=--coverage"],
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", folder, "-j", str(jobs), "--target", "simulate"],
                   check=True, stdout=subprocess.DEVNULL)


def counters(folder):
    return sorted(folder.glob("CMakeFiles/nbkeys_core.dir/src/engine/*.gcda"))


def run(folder, arguments):
    for old in counters(folder):
        old.unlink()
    # Threads share their counters, so one at a time counts right.
    subprocess.run([folder / "tests/sim/simulate", "--seeds", str(arguments.seeds), "--first", str(arguments.first),
                    "--jobs", "1", "--shrink-runs", "0"], check=False, stdout=subprocess.DEVNULL,
                   env={k: v for k, v in os.environ.items() if k != "NBKEYS_PROOF"})


class Counted:
    """One source file: how often each line, function and branch was reached, over all objects that have it."""

    def __init__(self):
        self.lines, self.functions, self.branches = {}, {}, {}

    def add(self, entry):
        for line in entry["lines"]:
            number = line["line_number"]
            self.lines[number] = self.lines.get(number, 0) + line["count"]
            for index, branch in enumerate(line.get("branches", [])):
                if branch["throw"]:  # a way that only an exception takes is none of the source's
                    continue
                key = (number, index)
                self.branches[key] = self.branches.get(key, 0) + branch["count"]
        for function in entry["functions"]:
            key = (function["start_line"], function["demangled_name"])
            self.functions[key] = self.functions.get(key, 0) + function["execution_count"]


def read(folder):
    files = {}
    for data in counters(folder):
        out = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", data.name],
                             cwd=data.parent, check=True, capture_output=True, text=True).stdout
        for document in out.splitlines():
            for entry in json.loads(document)["files"]:
                path = (folder / entry["file"]).resolve()
                if path.parent == ROOT / "src" / "engine":
                    files.setdefault(path.name, Counted()).add(entry)
    return files


def share(reached, of):
    return 100.0 * reached / of if of else 100.0


def spans(numbers):
    """[1, 2, 3, 7] as "1-3 7"."""
    out = []
    for number in sorted(numbers):
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in out)


def tell(files):
    total = {"lines": [0, 0], "branches": [0, 0]}
    for name, counted in sorted(files.items()):
        shares = []
        for kind, found in (("lines", counted.lines), ("branches", counted.branches)):
            reached = sum(1 for count in found.values() if count)
            total[kind][0] += reached
            total[kind][1] += len(found)
            shares.append(f"{share(reached, len(found)):5.1f} % of {len(found):4d} {kind}")
        print(f"{name:18s} {'  '.join(shares)}")
        for (line, function), count in sorted(counted.functions.items()):
            if not count:
                print(f"    never called: {function.replace('nbkeys::', '')} (line {line})")
        missed = [line for line, count in counted.lines.items() if not count]
        if missed:
            print(f"    lines never reached: {spans(missed)}")
    return {kind: (share(*pair), pair[1]) for kind, pair in total.items()}


def write_proof(folder, seconds, arguments, total):
    line = (f"src/engine: {total['lines'][0]:.1f} % of lines and {total['branches'][0]:.1f} % of branches reached by "
            f"{arguments.seeds} seeds of the simulation")
    proof = {"part": "sim_coverage", "seconds": round(seconds, 1),
             "figures": {"lines_percent": round(total["lines"][0], 1), "lines": total["lines"][1],
                         "branches_percent": round(total["branches"][0], 1), "branches": total["branches"][1],
                         "seeds": arguments.seeds},
             "lines": [line]}
    path = pathlib.Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    (path / "sim_coverage.json").write_text(json.dumps(proof, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="of the build")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "coverage")
    arguments = parser.parse_args()
    began = time.monotonic()
    build(arguments.build, arguments.jobs)
    run(arguments.build, arguments)
    total = tell(read(arguments.build))
    print(f"all of src/engine: {total['lines'][0]:.1f} % of {total['lines'][1]} lines, "
          f"{total['branches'][0]:.1f} % of {total['branches'][1]} branches")
    if folder := os.environ.get("NBKEYS_PROOF"):
        write_proof(folder, time.monotonic() - began, arguments, total)


if __name__ == "__main__":
    main()
