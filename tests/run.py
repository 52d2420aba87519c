#!/usr/bin/env python3
"""Runs the parts of the test suite one after another and closes with one line that counts them all.

Each part is a list of commands; a part's tests are counted from what its runner prints. The first
failure does not stop the rest, so that one run tells everything that is wrong.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JOBS = str(os.cpu_count() or 2)
GO_NEEDED = (1, 25)
OUTPUT = threading.Lock()
PROOF = ROOT / "build" / "proof"  # what each part leaves for tests/proof/table.py
PYTEST = ["/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider"]
SHELL_TESTS = ("Board*:Token*:EventLoop*:HttpRunner*:*Process*:Server*:Supervisor*:WatchRunner*:"
               "Scrape*")
SEEDS = os.environ.get("SEEDS", "200")
BUILDERS = ("cmake", "tests/e2e/servers/build.sh", "tests/gitops/build.sh", "tests/monitoring/build.sh")


def build(preset, *targets):
    return [
        ["cmake", "--preset", preset],
        ["cmake", "--build", f"build/{preset}", "-j", JOBS, "--target", *targets],
    ]


class Together:
    """Commands that run side by side, because most of their time is waiting."""

    def __init__(self, *commands, environments=None):
        self.commands = commands
        self.environments = environments or [{}] * len(commands)


def shards(count, command):
    """One gtest program as several processes."""
    environments = [{"GTEST_SHARD_INDEX": str(i), "GTEST_TOTAL_SHARDS": str(count)}
                    for i in range(count)]
    return Together(*[command] * count, environments=environments)


def behaviour(preset):
    program = f"build/{preset}/tests/behaviour_tests"
    sandbox = ["env", f"NBKEYS_BINARY=build/{preset}/nbkeys",
               f"NBKEYS_SANDBOX=build/{preset}/tests/nbkeys_sandbox", program]
    return [
        [program, "--world=in-process", "--gtest_brief=1"],
        shards(4, [*sandbox, "--world=sandbox", "--gtest_brief=1"]),
    ]


PARTS = {
    "tidy": [
        ["/usr/bin/python3", "tests/tidy/tidy.py"],
        ["/usr/bin/python3", "tests/tidy/tidy.py", "--self-test"],
        ["/usr/bin/python3", "tests/proof/table.py", "--check"],
    ],
    "unit": build("release", "unit_tests", "corpus_tests")
    + [["build/release/tests/unit_tests", "--gtest_brief=1"],
       ["build/release/tests/fuzz/corpus_tests", "--gtest_brief=1"]],
    "model": build("release", "model_tests", "mutation_tests")
    + [shards(2, ["build/release/tests/model_tests", "--gtest_brief=1"]),
       ["build/release/tests/mutation_tests", "--gtest_brief=1"]],
    "sim": build("release", "simulate", "sim_tests")
    + [["build/release/tests/sim/sim_tests", "--gtest_brief=1"],
       ["build/release/tests/sim/simulate", "--seeds", SEEDS, "--jobs", JOBS]],
    "behaviour": build("release", "nbkeys", "nbkeys_sandbox", "behaviour_tests")
    + behaviour("release"),
    "hostile": build("release", "nbkeys", "nbkeys_sandbox")
    + [[*PYTEST, "tests/fuzz/hostile_server_test.py"]],
    "asan": build("asan", "nbkeys", "nbkeys_sandbox", "unit_tests", "corpus_tests", "simulate",
                  "behaviour_tests")
    + [["build/asan/tests/unit_tests", "--gtest_brief=1"],
       ["build/asan/tests/fuzz/corpus_tests", "--gtest_brief=1"],
       ["env", "-u", "NBKEYS_PROOF", "build/asan/tests/sim/simulate", "--seeds", "20", "--jobs", JOBS]]
    + behaviour("asan")[:1]
    + [shards(2, [*behaviour("asan")[1].commands[0], "--gtest_filter=IssueTest*:*CrashTest*"])],
    # Only the shell has threads.
    "tsan": build("tsan", "nbkeys", "nbkeys_sandbox", "unit_tests", "behaviour_tests")
    + [["build/tsan/tests/unit_tests", "--gtest_brief=1", f"--gtest_filter={SHELL_TESTS}"],
       shards(4, [*behaviour("tsan")[1].commands[0],
                  "--gtest_filter=IssueTest*:LeaderTest*:FaultsTest*"])],
    "fuzz": [["/usr/bin/python3", "tests/fuzz/run.py"]],
    "coverage": [["/usr/bin/python3", "tests/sim/coverage.py"]],
    "gitops": [["tests/gitops/build.sh"], ["tests/gitops/run.sh"]],
    "monitoring": build("release", "nbkeys", "nbkeys_sandbox")
    + [["tests/monitoring/build.sh"], ["tests/monitoring/run.sh"]],
    "chart": build("release", "nbkeys")
    + [["tests/e2e/servers/build.sh"], ["tests/e2e/servers/build.sh", "helm"],
       ["tests/chart/run.sh"]],
    "e2e-cluster": build("release", "nbkeys")
    + [["tests/e2e/servers/build.sh"], ["tests/e2e/servers/build.sh", "helm"],
       ["tests/e2e/servers/build.sh", "node"], ["tests/cluster/run.sh"]],
    # Both, side by side: most of their time is waiting.
    "e2e-chaos": build("release", "nbkeys", "behaviour_tests")
    + [["tests/e2e/servers/build.sh"],
       Together(["tests/e2e/run.sh"],
                ["bash", "-c", "tests/e2e/behaviour.sh && tests/chaos/run.sh"])],
    "chaos": build("release", "nbkeys") + [["tests/e2e/servers/build.sh"], ["tests/chaos/run.sh"]],
    "e2e": build("release", "nbkeys", "behaviour_tests")
    + [["tests/e2e/servers/build.sh"],
       Together(["tests/e2e/run.sh"], ["tests/e2e/behaviour.sh"])],
}
DEFAULT = ["tidy", "unit", "model", "sim", "behaviour", "hostile", "gitops", "e2e"]
# What takes long, or needs more than the default: for CI (EVERYTHING=1).
MORE = ["monitoring", "chart", "e2e-cluster", "asan", "tsan", "fuzz", "e2e-chaos"]
NEED_GO = ("gitops", "monitoring", "chart", "e2e", "e2e-cluster", "chaos", "e2e-chaos")


def go_version():
    if shutil.which("go") is None:
        return None
    text = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True).stdout
    found = re.match(r"go(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


class Count:
    """Passed, failed and skipped, as gtest and pytest print them."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def read(self, line):
        line = re.sub(r"\x1b\[[0-9;]*m", "", line)
        if found := re.match(r"\[  PASSED  \] (\d+) test", line):
            self.passed += int(found[1])
        elif found := re.match(r"\[  FAILED  \] (\d+) tests?, listed below", line):
            self.failed += int(found[1])
        elif found := re.match(r"\[  SKIPPED \] (\d+) tests?[.,]", line):
            self.skipped += int(found[1])
        elif re.match(r"=+ .*(passed|failed|error).* in [0-9.]+s", line):
            for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", line):
                field = "failed" if word == "error" else word
                setattr(self, field, getattr(self, field) + int(number))

    def any(self):
        return self.passed + self.failed + self.skipped > 0


def start(command, more):
    environment = dict(os.environ, NBKEYS_PROOF=str(PROOF),
                       UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1",
                       LSAN_OPTIONS=f"suppressions={ROOT}/tests/sanitizers/lsan.supp", **more)
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, errors="replace", env=environment)


def run_command(command, total):
    """Streams the output. A command that counts no tests of its own counts as one check."""
    together = command if isinstance(command, Together) else Together(command)
    for each in together.commands:
        print(f"$ {' '.join(each)}", flush=True)
    processes = [start(*each) for each in zip(together.commands, together.environments)]
    counted = Count()
    threads = [threading.Thread(target=follow, args=(p, counted)) for p in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    code = max(abs(p.wait()) for p in processes)
    sys.stdout.flush()
    is_build = together.commands[0][0] in BUILDERS
    if code != 0 and counted.failed == 0:
        counted.failed += 1
    elif not counted.any() and not is_build:
        counted.passed += 1
    total.passed += counted.passed
    total.failed += counted.failed
    total.skipped += counted.skipped
    return code


def follow(process, counted):
    for line in process.stdout:
        with OUTPUT:
            counted.read(line)
            sys.stdout.write(line)


def run_part(name, total):
    began = time.monotonic()
    print(f"\n=== {name}", flush=True)
    ok = True
    for command in PARTS[name]:
        code = run_command(command, total)
        ok = ok and code == 0
        if code != 0 and not isinstance(command, Together) and command[0] in BUILDERS:
            break  # what did not build cannot be run
    print(f"=== {name}: {'ok' if ok else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True)
    return ok


def chosen(only):
    if only:
        return [only]
    if os.environ.get("EVERYTHING") != "1":
        return DEFAULT
    return [name for name in DEFAULT if name != "e2e"] + MORE


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS, help="run one part")
    only = parser.parse_args().only
    PROOF.mkdir(parents=True, exist_ok=True)
    total = Count()
    results = {}
    for name in chosen(only):
        version = go_version()
        if name in NEED_GO and (version is None or version < GO_NEEDED):
            needed = ".".join(map(str, GO_NEEDED))
            print(f"\n=== {name}: skipped: no Go >= {needed} on the PATH to build what it runs with")
            if os.environ.get("REQUIRE_E2E") == "1":
                print("REQUIRE_E2E=1 makes that a failure")
                total.failed += 1
                results[name] = False
            else:
                total.skipped += 1
            continue
        results[name] = run_part(name, total)
    print("\n" + "  ".join(f"{n}: {'ok' if ok else 'FAILED'}" for n, ok in results.items()))
    skipped = f", {total.skipped} skipped" if total.skipped else ""
    print(f"{total.passed} passed, {total.failed} failed{skipped}")
    return 0 if total.failed == 0 and all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
