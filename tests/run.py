#!/usr/bin/env python3
"""Runs the parts of the test suite and closes with one line that counts all their tests.

A part's tests are counted from what its runners print. The first failure does not stop the rest, so
that one run tells everything that is wrong.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import threading
import time

from parts import DEFAULT, EVERYTHING, PARTS, ROOT, Together, build

GO_NEEDED = (1, 25)
PROOF = ROOT / "build" / "proof"  # what each part leaves for tests/proof/table.py


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

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def any(self):
        return self.passed + self.failed + self.skipped > 0


class Output:
    """Whole lines of several parts at once, each with its part's name before it if there are several."""

    def __init__(self, names):
        self.lock = threading.Lock()
        self.width = max(map(len, names)) if len(names) > 1 else 0

    def line(self, part, text):
        before = f"{part:{self.width}} | " if self.width else ""
        with self.lock:
            sys.stdout.write(f"{before}{text}\n")
            sys.stdout.flush()


def start(command, more):
    environment = dict(os.environ, NBKEYS_PROOF=str(PROOF),
                       UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1",
                       LSAN_OPTIONS=f"suppressions={ROOT}/tests/sanitizers/lsan.supp", **more)
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            stdin=subprocess.DEVNULL, text=True, errors="replace", env=environment)


def processor_seconds(process):
    """Waits for its end. Seconds of a core that it and all that it waited for have taken."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


class Runner:
    """One part's commands."""

    def __init__(self, name, output):
        self.name = name
        self.output = output
        self.count = Count()

    def run(self):
        part, began = PARTS[self.name], time.monotonic()
        self.say(f"=== {self.name}")
        # What did not build cannot be run.
        ok = all(self.command(each, counts=False) for each in part.builds)
        if ok:
            ok = all([self.command(each) for each in part.commands])
        self.say(f"=== {self.name}: {'ok' if ok else 'FAILED'} in {time.monotonic() - began:.0f} s")
        return ok

    def command(self, command, counts=True):
        """A command that counts no tests of its own counts as one check, but for a build."""
        together = command if isinstance(command, Together) else Together(command)
        for each in together.commands:
            self.say(f"$ {' '.join(each)}")
        began, counted = time.monotonic(), Count()
        processes = [start(*each) for each in zip(together.commands, together.environments)]
        threads = [threading.Thread(target=self.follow, args=(p, counted)) for p in processes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        processor = sum(map(processor_seconds, processes))
        ok = all(p.returncode == 0 for p in processes)
        self.say(f"took {time.monotonic() - began:.0f} s, and {processor:.0f} s of a core")
        if not ok and counted.failed == 0:
            counted.failed += 1
        elif counts and not counted.any():
            counted.passed += 1
        self.count.add(counted)
        return ok

    def follow(self, process, counted):
        for line in process.stdout:
            line = line.rstrip("\n")
            with self.output.lock:
                counted.read(line)
            self.say(line)

    def say(self, text):
        self.output.line(self.name, text)


class Suite:
    def __init__(self, names):
        self.names = names
        self.output = Output(names)
        self.total = Count()
        self.results = {}

    def run(self):
        if self.build_release():
            self.run_parts(self.of("first"))
            self.side_by_side(self.of("processor"), self.of("one"), self.of("other"))
            self.run_parts(self.of("last"))
        return self.total.failed == 0 and all(self.results.values())

    def of(self, lane):
        return [name for name in self.names if PARTS[name].lane == lane]

    def build_release(self):
        targets = sorted({target for name in self.names for target in PARTS[name].release})
        commands = build("release", *targets) if targets else []
        runner = Runner("build", self.output)
        ok = all(runner.command(each, counts=False) for each in commands)
        self.total.add(runner.count)
        return ok

    def side_by_side(self, *lanes):
        threads = [threading.Thread(target=self.run_parts, args=(lane,)) for lane in lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def run_parts(self, names):
        for name in names:
            runner = Runner(name, self.output)
            ok = runner.run()
            with self.output.lock:
                self.results[name] = ok
                self.total.add(runner.count)

    def close(self):
        print("\n" + "  ".join(f"{n}: {'ok' if self.results[n] else 'FAILED'}" for n in self.names
                               if n in self.results))
        skipped = f", {self.total.skipped} skipped" if self.total.skipped else ""
        print(f"{self.total.passed} passed, {self.total.failed} failed{skipped}")


def has_go():
    if shutil.which("go") is None:
        return False
    text = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True).stdout
    found = re.match(r"go(\d+)\.(\d+)", text)
    return bool(found) and (int(found[1]), int(found[2])) >= GO_NEEDED


def without_go(suite):
    """Leaves out what Go builds. With REQUIRE_E2E=1 that is a failure."""
    left_out = [name for name in suite.names if PARTS[name].needs_go]
    suite.names = [name for name in suite.names if name not in left_out]
    needed, required = ".".join(map(str, GO_NEEDED)), os.environ.get("REQUIRE_E2E") == "1"
    for name in left_out:
        print(f"=== {name}: {'FAILED' if required else 'skipped'}: no Go >= {needed} on the PATH to "
              f"build what it runs with{' (REQUIRE_E2E=1)' if required else ''}")
        suite.total.failed += required
        suite.total.skipped += not required


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS, nargs="+", metavar="PART",
                        help=f"run these parts: {', '.join(PARTS)}")
    only = parser.parse_args().only
    PROOF.mkdir(parents=True, exist_ok=True)
    suite = Suite(only or (EVERYTHING if os.environ.get("EVERYTHING") == "1" else DEFAULT))
    if not has_go():
        without_go(suite)
    ok = suite.run()
    suite.close()
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
