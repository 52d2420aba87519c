"""What the test suite consists of: the parts, and the groups that `make` knows by name.

A part has a lane, and the parts of a lane run one after another. Three lanes run side by side:
"processor" for what computes, which leaves way to the others; "one" and "other" for what mostly waits
for clocks and servers. "last" is for what needs the whole machine to itself, as its time is limited.
What is built in build/release is built for all parts together, before any of them runs.

CONTRIBUTING.md tells what each part shows and how long it takes.
"""
import dataclasses
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JOBS = str(os.cpu_count() or 2)
SEEDS = os.environ.get("SEEDS", "200")
SEEDS_QUICK = "20"
# More than 20 s each.
LONG_WALKS = ":".join(f"*/{name}" for name in (
    "alone_everything", "deletion_two", "first_issue_three", "pair_first_issue_fault",
    "pair_rotation", "pair_revoke", "copy_rotations"))
PYTEST = ["/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider"]
SERVERS = ["tests/e2e/servers/build.sh"]


class Together:
    """Commands that run side by side. Between them they must run a test."""

    def __init__(self, *commands, environments=None):
        self.commands = commands
        self.environments = environments or [{}] * len(commands)


class Check(Together):
    """A command that counts no tests: as a whole it is one."""


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


def gtest(program, *more):
    return [f"build/{program}", "--gtest_brief=1", *more]


def in_process(preset):
    return gtest(f"{preset}/tests/behaviour_tests", "--world=in-process")


def sandboxed(preset, tests):
    """The behaviour suite on the sandbox, with the operator of that build."""
    return ["env", f"NBKEYS_BINARY=build/{preset}/nbkeys",
            *gtest("release/tests/behaviour_tests", "--world=sandbox", f"--gtest_filter={tests}")]


def simulate(preset, seeds):
    return spare([f"build/{preset}/tests/sim/simulate", "--seeds", seeds, "--jobs", JOBS])


def kept(path):
    """A gtest filter from a file: a pattern on each line, with a dash before what is left out."""
    lines = path.read_text().split()
    wanted = ":".join(line for line in lines if not line.startswith("-"))
    left_out = ":".join(line[1:] for line in lines if line.startswith("-"))
    return f"{wanted}-{left_out}" if left_out else wanted


def without_proof(command):
    """For a run too short to stand in README's table."""
    return ["env", "-u", "NBKEYS_PROOF", *command]


PARTS = {
    "tidy": Part("processor", [
        Check(["/usr/bin/python3", "tests/tidy/tidy.py"]),
        Check(["/usr/bin/python3", "tests/proof/table.py", "--check"]),
        Check(["/usr/bin/python3", "tests/run_test.py"])]),
    "unit": Part("other", [shards(2, gtest("release/tests/unit_tests"))],
                 release=("unit_tests",)),
    "model": Part("processor", [shards(2, spare(gtest("release/tests/model_tests",
                                                      f"--gtest_filter=-{LONG_WALKS}")))],
                  release=("model_tests",)),
    "model-long": Part("processor", [spare(gtest("release/tests/model_tests",
                                                 f"--gtest_filter={LONG_WALKS}"))],
                       release=("model_tests",)),
    "behaviour": Part("other", [shards(2, in_process("release"))],
                      release=("behaviour_tests",)),
    "seeds": Part("processor", [Check(without_proof(simulate("release", SEEDS_QUICK)))],
                  release=("simulate",)),
    "sim": Part("processor", [shards(2, spare(gtest("release/tests/sim/sim_tests"))),
                              Check(simulate("release", SEEDS))],
                release=("simulate", "sim_tests")),
    "lasting": Part("processor", [shards(2, spare(gtest(
        "release/tests/lasting/lasting_tests",
        f"--gtest_filter={kept(ROOT / 'tests/lasting/kept.txt')}")))], release=("lasting_tests",)),
    "planted": Part("processor", [spare(gtest("release/tests/mutation_tests")),
                                  Check(spare(["/usr/bin/python3", "tests/tidy/tidy.py",
                                               "--self-test"]))],
                    release=("mutation_tests",)),
    # A crash at each step is shown in process, and with the real binary by chaos; the fakes themselves
    # are the same in every world.
    "sandbox": Part("other", [shards(4, sandboxed("release", "-*CrashTest.*:KubeTest.*:"
                                                             "NetBirdTest.*"))],
                    release=("nbkeys", "nbkeys_sandbox", "behaviour_tests")),
    "upgrade": Part("other", [["tests/upgrade/run.sh"]], release=("nbkeys", "nbkeys_sandbox"),
                    builds=[["tests/upgrade/build.sh"]]),
    "hostile": Part("one", [gtest("release/tests/fuzz/corpus_tests"),
                            [*PYTEST, "tests/fuzz/hostile_server_test.py"]],
                    release=("nbkeys", "nbkeys_sandbox", "corpus_tests")),
    # The kept inputs run under both sanitizers in "fuzz".
    "asan": Part("processor", [
        shards(2, gtest("asan/tests/unit_tests")),
        Check(without_proof(simulate("asan", SEEDS_QUICK))),
        shards(2, spare(in_process("asan"))),
        shards(2, sandboxed("asan", "IssueTest.*:RotateTest.*:DeleteTest.*"))],
        release=("nbkeys_sandbox", "behaviour_tests"),
        builds=[spare(each) for each in build("asan", "nbkeys", "unit_tests", "simulate",
                                              "behaviour_tests")]),
    # Only the shell has threads.
    "tsan": Part("processor", [
        gtest("tsan/tests/shell_tests"),
        shards(4, sandboxed("tsan", "IssueTest.*:LeaderTest.*:FaultsTest.*"))],
        release=("nbkeys_sandbox", "behaviour_tests"),
        builds=[spare(each) for each in build("tsan", "nbkeys", "shell_tests")]),
    "fuzz": Part("last", [["/usr/bin/python3", "tests/fuzz/run.py"]]),
    "coverage": Part("last", [Check(["/usr/bin/python3", "tests/sim/coverage.py"])]),
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

# What needs neither a server nor Go.
TEST = ["tidy", "unit", "model", "behaviour", "seeds"]
# The real binary against servers: the sandbox, hostile ones, and the real ones, which Go builds.
SERVERS = ["hostile", "monitoring", "chart", "e2e", "sandbox", "upgrade", "gitops",
           "e2e-behaviour"]
# The groups, each as stages that run one after another. In a stage a lane keeps this order. What "sim"
# shows contains what "seeds" shows.
GROUPS = {
    "check": [["tidy", "unit", "behaviour"]],
    "test": [TEST],
    "servers": [SERVERS],
    "all": [[name for name in TEST if name != "seeds"],
            [*SERVERS[:-1], "e2e-cluster", "e2e-behaviour", "chaos",
             "model-long", "sim", "lasting", "planted", "asan", "tsan", "fuzz"]],
}
