"""What the test suite consists of.

A part has a lane, and the parts of a lane run one after another. "first" is for what is quick and comes
before all else. Then three lanes run side by side: "processor" for what computes, which leaves way to
the others; "one" and "other" for what mostly waits for clocks and servers. "last" is for what needs the
whole machine to itself, as its time is limited. What is built in build/release is built for all parts
together, before any of them runs.
"""
import dataclasses
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JOBS = str(os.cpu_count() or 2)
SEEDS = os.environ.get("SEEDS", "200")
PYTEST = ["/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider"]
SERVERS = ["tests/e2e/servers/build.sh"]
IN_PROCESS = ["--world=in-process", "--gtest_brief=1"]


class Together:
    """Commands that run side by side."""

    def __init__(self, *commands, environments=None):
        self.commands = commands
        self.environments = environments or [{}] * len(commands)


@dataclasses.dataclass
class Part:
    lane: str
    commands: list
    release: tuple = ()  # targets in build/release
    builds: list = dataclasses.field(default_factory=list)  # what else has to be there before
    needs_go: bool = False


def spare(command):
    """With what of the processors the others leave: for what looks at no clock."""
    return ["nice", "-n", "10", *command]


def build(preset, *targets):
    return [["cmake", "--preset", preset],
            ["cmake", "--build", f"build/{preset}", "-j", JOBS, "--target", *targets]]


def shards(count, command):
    """One gtest program as several processes."""
    environments = [{"GTEST_SHARD_INDEX": str(i), "GTEST_TOTAL_SHARDS": str(count)}
                    for i in range(count)]
    return Together(*[command] * count, environments=environments)


def sandboxed(preset, *filters):
    """The behaviour suite on the sandbox, with the operator of that build."""
    return ["env", f"NBKEYS_BINARY=build/{preset}/nbkeys", "build/release/tests/behaviour_tests",
            "--world=sandbox", "--gtest_brief=1", *filters]


PARTS = {
    "tidy": Part("processor", [
        ["/usr/bin/python3", "tests/tidy/tidy.py"],
        spare(["/usr/bin/python3", "tests/tidy/tidy.py", "--self-test"]),
        ["/usr/bin/python3", "tests/proof/table.py", "--check"]]),
    "unit": Part("first", [
        ["build/release/tests/unit_tests", "--gtest_brief=1"],
        ["build/release/tests/fuzz/corpus_tests", "--gtest_brief=1"]],
        release=("unit_tests", "corpus_tests")),
    "model": Part("processor", [
        shards(2, spare(["build/release/tests/model_tests", "--gtest_brief=1"])),
        spare(["build/release/tests/mutation_tests", "--gtest_brief=1"])],
        release=("model_tests", "mutation_tests")),
    "sim": Part("processor", [
        shards(2, spare(["build/release/tests/sim/sim_tests", "--gtest_brief=1"])),
        spare(["build/release/tests/sim/simulate", "--seeds", SEEDS, "--jobs", JOBS])],
        release=("simulate", "sim_tests")),
    "behaviour": Part("other", [
        ["build/release/tests/behaviour_tests", *IN_PROCESS],
        shards(4, sandboxed("release"))],
        release=("nbkeys", "nbkeys_sandbox", "behaviour_tests")),
    "hostile": Part("one", [[*PYTEST, "tests/fuzz/hostile_server_test.py"]],
                    release=("nbkeys", "nbkeys_sandbox")),
    # The kept inputs run under both sanitizers in "fuzz".
    "asan": Part("processor", [
        shards(2, ["build/asan/tests/unit_tests", "--gtest_brief=1"]),
        spare(["env", "-u", "NBKEYS_PROOF", "build/asan/tests/sim/simulate", "--seeds", "20",
               "--jobs", JOBS]),
        shards(2, spare(["build/asan/tests/behaviour_tests", *IN_PROCESS])),
        shards(2, sandboxed("asan", "--gtest_filter=IssueTest*:*CrashTest*"))],
        release=("nbkeys_sandbox", "behaviour_tests"),
        builds=[spare(each) for each in build("asan", "nbkeys", "unit_tests", "simulate",
                                              "behaviour_tests")]),
    # Only the shell has threads.
    "tsan": Part("processor", [
        ["build/tsan/tests/shell_tests", "--gtest_brief=1"],
        shards(4, sandboxed("tsan", "--gtest_filter=IssueTest*:LeaderTest*:FaultsTest*"))],
        release=("nbkeys_sandbox", "behaviour_tests"),
        builds=[spare(each) for each in build("tsan", "nbkeys", "shell_tests")]),
    "fuzz": Part("last", [["/usr/bin/python3", "tests/fuzz/run.py"]]),
    "coverage": Part("last", [["/usr/bin/python3", "tests/sim/coverage.py"]]),
    "gitops": Part("other", [["tests/gitops/run.sh"]], builds=[["tests/gitops/build.sh"]],
                   needs_go=True),
    "monitoring": Part("one", [["tests/monitoring/run.sh"]], release=("nbkeys", "nbkeys_sandbox"),
                       builds=[["tests/monitoring/build.sh"]], needs_go=True),
    "chart": Part("one", [["tests/chart/run.sh"]], release=("nbkeys",),
                  builds=[SERVERS, [*SERVERS, "helm"]], needs_go=True),
    "e2e-cluster": Part("other", [["tests/cluster/run.sh"]], release=("nbkeys",),
                        builds=[SERVERS, [*SERVERS, "helm"], [*SERVERS, "node"]], needs_go=True),
    "e2e": Part("one", [["tests/e2e/run.sh"]], release=("nbkeys",), builds=[SERVERS],
                needs_go=True),
    "e2e-behaviour": Part("other", [["tests/e2e/behaviour.sh"]],
                          release=("nbkeys", "behaviour_tests"), builds=[SERVERS], needs_go=True),
    "chaos": Part("other", [["tests/chaos/run.sh"]], release=("nbkeys",), builds=[SERVERS],
                  needs_go=True),
}
DEFAULT = ["tidy", "unit", "model", "sim", "behaviour", "hostile", "gitops", "e2e-behaviour", "e2e"]
# In CI (EVERYTHING=1), in the order in which the parts of a lane run.
EVERYTHING = ["tidy", "unit", "model", "sim", "asan", "tsan", "fuzz", "hostile", "monitoring", "chart",
              "e2e", "behaviour", "gitops", "e2e-cluster", "e2e-behaviour", "chaos"]
