#!/usr/bin/env python3
"""Builds the libFuzzer targets and runs each of them for NBKEYS_FUZZ_SECONDS (60), two at once.

Starts from the kept inputs in tests/fuzz/corpus. What breaks a promise, crashes, hangs or grows is
written to build/fuzz/artifacts and named with the command that repeats it. With --self-test: a
target with a planted bug has to fail first. With --keep: the best of what was found becomes
the new corpus, minimised and small.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/fuzz"
BUILD = pathlib.Path(os.environ.get("NBKEYS_FUZZ_BUILD", ROOT / "build/fuzz"))
SECONDS = int(os.environ.get("NBKEYS_FUZZ_SECONDS", "60"))
AT_ONCE = 2
FILES_MAX, BYTES_MAX = 60, 4096  # of what is kept for each target
# Inputs longer than this make a run slow and prove nothing that shorter ones do not.
MAX_LEN = {"mark": 256, "time": 128, "address": 1024, "text": 1024, "kubeconfig": 2048,
           "kubeconfig_secrets": 512, "engine": 768}
ENVIRONMENT = {
    # The usual quarantine of 256 MB would drown what the code itself takes.
    "ASAN_OPTIONS": "quarantine_size_mb=16:detect_leaks=1:abort_on_error=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}


def targets():
    return sorted(p.name.removesuffix("_target.cc") for p in HERE.glob("*_target.cc"))


def build(*more):
    log = BUILD.parent / "fuzz-build.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as out:
        for command in (["cmake", "--preset", "fuzz", "-S", str(ROOT), "-B", str(BUILD)],
                        ["cmake", "--build", str(BUILD), "-j", str(os.cpu_count() or 2),
                         "--target", "fuzz_targets", *more]):
            if subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT).returncode:
                sys.exit(f"the targets do not build:\n{log.read_text()[-4000:]}")


def program(target):
    return str(BUILD / "tests/fuzz" / f"fuzz_{target}")


def arguments(target, seconds):
    name = target.removesuffix("_planted")
    out = [program(target), f"-max_total_time={seconds}", "-rss_limit_mb=512", "-timeout=10",
           f"-max_len={MAX_LEN.get(name, BYTES_MAX)}", "-print_final_stats=1",
           # What helps with short texts would slow down the one target that runs for milliseconds.
           f"-use_value_profile={int(name != 'engine')}",
           f"-artifact_prefix={BUILD / 'artifacts' / target}-"]
    words = HERE / "words" / f"{name}.dict"
    return out + ([f"-dict={words}"] if words.exists() else [])


def number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


class Run:
    """One target's time, and what came of it."""

    def __init__(self, target, seconds):
        self.target = target
        corpus = BUILD / "corpus" / target
        corpus.mkdir(parents=True, exist_ok=True)
        (BUILD / "artifacts").mkdir(exist_ok=True)
        began = time.monotonic()
        command = [*arguments(target, seconds), str(corpus)]
        kept = HERE / "corpus" / target.removesuffix("_planted")
        if kept.is_dir():
            command.append(str(kept))
        log = BUILD / "logs" / f"{target}.log"
        log.parent.mkdir(exist_ok=True)
        # libFuzzer ends itself; the limit is for a target that no longer listens to anything.
        try:
            with log.open("w") as out:
                self.code = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT,
                                           env={**os.environ, **ENVIRONMENT},
                                           timeout=seconds + 120).returncode
        except subprocess.TimeoutExpired:
            self.code = -1
        self.took = time.monotonic() - began
        text = log.read_text(errors="replace")
        self.executions = number(r"stat::number_of_executed_units:\s+(\d+)", text) or number(
            r"^#(\d+)\s", text)
        self.rss = number(r"stat::peak_rss_mb:\s+(\d+)", text)
        self.edges = number(r"\bcov: (\d+)", text)
        self.inputs = number(r"\bcorp: (\d+)", text)
        self.artifact = next(iter(re.findall(r"Test unit written to (\S+)", text)), "")
        said = re.search(r"broken promise.*|ERROR: .*|.*runtime error: .*|SUMMARY: .*", text)
        self.said = said[0] if said else text.strip().split("\n")[-1]
        self.log = log

    def ok(self):
        return self.code == 0

    def row(self):
        per_second = self.executions / max(self.took, 0.1)
        return (f"{self.target:20} {self.executions:>12,} {per_second:>9,.0f} {self.edges:>7,}"
                f" {self.inputs:>7,} {self.rss:>6} MB  {'ok' if self.ok() else 'FAILED'}")


def report(runs):
    print(f"{'target':20} {'executions':>12} {'per s':>9} {'edges':>7} {'inputs':>7} {'RSS':>9}")
    for run in runs:
        print(run.row())
    for run in (r for r in runs if not r.ok()):
        print(f"\n{run.target}: {run.said}\n  all of it: {run.log}")
        if run.artifact:
            print(f"  again: {program(run.target)} {run.artifact}")
            print(f"  once it is mended, keep it: cp {run.artifact} tests/fuzz/corpus/{run.target}/")


def prove(runs, seconds):
    folder = os.environ.get("NBKEYS_PROOF")
    if not folder:
        return
    executions = sum(r.executions for r in runs)
    findings = sum(not r.ok() for r in runs)
    figures = {"targets": len(runs), "executions": executions, "findings": findings,
               "edges": sum(r.edges for r in runs), "seconds_each": SECONDS}
    line = (f"{len(runs)} targets, {SECONDS} s each, {executions:,} executions, "
            f"peak {max(r.rss for r in runs)} MB, {findings} findings")
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    (pathlib.Path(folder) / "fuzz.json").write_text(json.dumps(
        {"part": "fuzz", "seconds": round(seconds, 1), "figures": figures, "lines": [line]}))


def keep(target):
    """The smallest set of inputs with the same coverage, as far as they are small themselves."""
    kept, merged = HERE / "corpus" / target, BUILD / "merged" / target
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir(parents=True)
    # Without value profile and counters: an edge is worth a file, a count of visits is not.
    subprocess.run([program(target), "-merge=1", "-use_counters=0", f"-max_len={BYTES_MAX}",
                    str(merged), str(kept), str(BUILD / "corpus" / target)], check=True,
                   env={**os.environ, **ENVIRONMENT}, capture_output=True)
    named = {p.name for p in kept.glob("*") if not re.fullmatch(r"[0-9a-f]{40}", p.name)}
    for path in kept.glob("*"):
        if path.name not in named:
            path.unlink()
    # The shortest ones first: they are what a person can read.
    found = sorted(merged.iterdir(), key=lambda p: p.stat().st_size)
    # The number that fits is spread over all sizes, so that the long ones are not all lost.
    room = FILES_MAX - len(named)
    step = max(1.0, len(found) / room)
    for i in range(min(room, len(found))):
        path = found[int(i * step)]
        shutil.copy(path, kept / path.name)
    print(f"{target}: {len(list(kept.glob('*')))} kept of {len(found)}")


def self_test():
    """A bug that only certain bytes reach must be found. That ends the search: it took 38 s on a slow
    machine, and what it may take costs nothing."""
    run = Run("mark_planted", 300)
    found = not run.ok() and "planted" in run.said
    print(f"the planted bug was {'found' if found else 'NOT FOUND'} after {run.executions:,} "
          f"executions in {run.took:.1f} s: {run.said}")
    if run.artifact:
        pathlib.Path(run.artifact).unlink()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--self-test", action="store_true", help="only look for the planted bug")
    parser.add_argument("--keep", action="store_true", help="make what was found the corpus")
    parser.add_argument("targets", nargs="*", help="only these")
    options = parser.parse_args()
    began = time.monotonic()
    build("fuzz_mark_planted")
    planted = self_test()
    if options.self_test:
        sys.exit(0 if planted else 1)
    chosen = options.targets or targets()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = list(pool.map(lambda target: Run(target, SECONDS), chosen))
    report(runs)
    if options.keep:
        for target in chosen:
            keep(target)
    seconds = time.monotonic() - began
    prove(runs, seconds)
    failed = sum(not run.ok() for run in runs) + (not planted)
    passed = len(runs) + 1 - failed
    words = ([f"{failed} failed"] if failed else []) + [f"{passed} passed"]
    print(f"=== {', '.join(words)} in {seconds:.2f}s ===")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
