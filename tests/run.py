#!/usr/bin/env python3
"""Runs the parts of the test suite and closes with one line that counts all their tests.

A part's tests are counted from what its runners print, and a runner that prints of none has failed. The
first failure does not stop the rest, so that one run tells everything that is wrong.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time

from parts import GROUPS, PARTS, ROOT, Check, Together, build

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

    def ran(self):
        return self.passed + self.failed > 0


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
        self.seconds = self.processor = 0.0

    def run(self):
        part, began = PARTS[self.name], time.monotonic()
        self.say(f"=== {self.name}")
        # What did not build cannot be run.
        ok = all(self.command(each, counts=False) for each in part.builds)
        if ok:
            ok = all([self.command(each) for each in part.commands])
        self.seconds = time.monotonic() - began
        self.say(f"=== {self.name}: {'ok' if ok else 'FAILED'} in {self.seconds:.0f} s")
        return ok

    def command(self, command, counts=True):
        """What only builds counts for nothing."""
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
        self.processor += processor
        ok = all(p.returncode == 0 for p in processes)
        self.say(f"took {time.monotonic() - began:.0f} s, and {processor:.0f} s of a core")
        if ok and counts and not counted.ran():
            if isinstance(together, Check):
                counted.passed += 1
            else:
                self.say("no test ran: a filter that matches nothing?")
                ok = False
        if not ok and counted.failed == 0:
            counted.failed += 1
        self.count.add(counted)
        return ok

    def follow(self, process, counted):
        with process.stdout as lines:
            for line in lines:
                line = line.rstrip("\n")
                with self.output.lock:
                    counted.read(line)
                self.say(line)

    def say(self, text):
        self.output.line(self.name, text)


class Suite:
    def __init__(self, stages):
        self.stages = stages
        self.output = Output(self.names())
        self.total = Count()
        self.results = {}
        self.times = {}

    def names(self):
        return [name for stage in self.stages for name in stage]

    def run(self):
        if self.build_release():
            for stage in self.stages:
                self.side_by_side(*(lane(stage, name) for name in ("processor", "one", "other")))
                self.run_parts(lane(stage, "last"))
        if not self.total.ran():
            print("no test ran")
        return self.total.failed == 0 and self.total.ran() and all(self.results.values())

    def build_release(self):
        targets = sorted({target for name in self.names() for target in PARTS[name].release})
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
                self.times[name] = [round(runner.seconds), round(runner.processor)]
                self.total.add(runner.count)

    def keep_times(self, path):
        """What CONTRIBUTING.md's table tells: of each part that went well its last times."""
        known = json.loads(path.read_text()) if path.exists() else {}
        known.update({name: self.times[name] for name, ok in self.results.items() if ok})
        path.write_text(json.dumps(known, indent=1) + "\n")

    def close(self):
        print("\n" + "  ".join(f"{n}: {'ok' if self.results[n] else 'FAILED'}" for n in self.names()
                               if n in self.results))
        skipped = f", {self.total.skipped} skipped" if self.total.skipped else ""
        print(f"{self.total.passed} passed, {self.total.failed} failed{skipped}")


def lane(names, wanted):
    return [name for name in names if PARTS[name].lane == wanted]


def has_go():
    if shutil.which("go") is None:
        return False
    text = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True).stdout
    found = re.match(r"go(\d+)\.(\d+)", text)
    return bool(found) and (int(found[1]), int(found[2])) >= GO_NEEDED


def without_go(suite):
    """Leaves out what Go builds. With REQUIRE_E2E=1 that is a failure."""
    left_out = [name for name in suite.names() if PARTS[name].needs_go]
    suite.stages = [[name for name in stage if name not in left_out] for stage in suite.stages]
    needed, required = ".".join(map(str, GO_NEEDED)), os.environ.get("REQUIRE_E2E") == "1"
    for name in left_out:
        print(f"=== {name}: {'FAILED' if required else 'skipped'}: no Go >= {needed} on the PATH to "
              f"build what it runs with{' (REQUIRE_E2E=1)' if required else ''}")
        suite.total.failed += required
        suite.total.skipped += not required


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("group", nargs="?", choices=GROUPS, default="test",
                        help=f"{', '.join(GROUPS)}; test where none is named")
    parser.add_argument("--only", choices=PARTS, nargs="+", metavar="PART",
                        help=f"run these parts instead: {', '.join(PARTS)}")
    options = parser.parse_args()
    PROOF.mkdir(parents=True, exist_ok=True)
    suite = Suite([options.only] if options.only else GROUPS[options.group])
    if any(PARTS[name].needs_go for name in suite.names()) and not has_go():
        without_go(suite)
    ok = suite.run()
    suite.keep_times(PROOF / "times.json")
    suite.close()
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
