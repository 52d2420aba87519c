#!/usr/bin/env python3
"""The runner itself: what counts as a test, and that a part in which none ran has failed."""
import contextlib
import io
import json
import pathlib
import re
import sys
import tempfile
import unittest
from unittest import mock

import run
from parts import GROUPS, PARTS, Check, Part, Together, kept

sys.path.insert(0, str(run.ROOT / "tests/proof"))
import table  # noqa: E402


def say(text, code=0):
    return ["sh", "-c", f"printf '%s\\n' '{text}'; exit {code}"]


def outcome(*commands, builds=()):
    """The closing line, and whether all is well, of a suite of one part."""
    part = Part("processor", list(commands), builds=list(builds))
    out = io.StringIO()
    with mock.patch.dict(run.PARTS, {"planted": part}, clear=True):
        suite = run.Suite([["planted"]])
        with contextlib.redirect_stdout(out):
            ok = suite.run()
            suite.close()
    return out.getvalue().rstrip("\n").split("\n")[-1], ok


class RunnerTest(unittest.TestCase):
    def test_what_gtest_and_pytest_print_is_added_up(self):
        self.assertEqual(outcome(say("[  PASSED  ] 3 tests."),
                                 say("==== 2 passed, 1 skipped in 0.10s ====")),
                         ("5 passed, 0 failed, 1 skipped", True))

    def test_what_counts_no_tests_is_one_only_where_that_is_said(self):
        self.assertEqual(outcome(Check(say("all is well"))), ("1 passed, 0 failed", True))
        self.assertEqual(outcome(say("all is well")), ("0 passed, 1 failed", False))

    def test_a_command_that_runs_no_test_fails(self):
        self.assertEqual(outcome(say("[  PASSED  ] 2 tests."), say("[  PASSED  ] 0 tests.")),
                         ("2 passed, 1 failed", False))
        self.assertEqual(outcome(say("==== 4 skipped in 0.10s ====")),
                         ("0 passed, 1 failed", False))

    def test_one_of_several_processes_may_have_nothing_to_do(self):
        self.assertEqual(outcome(Together(say("[  PASSED  ] 0 tests."),
                                          say("[  PASSED  ] 1 test."))),
                         ("1 passed, 0 failed", True))

    def test_a_failure_without_a_count_is_one(self):
        self.assertEqual(outcome(say("no such option", code=2)), ("0 passed, 1 failed", False))
        self.assertEqual(outcome(say("[  FAILED  ] 2 tests, listed below:", code=1)),
                         ("0 passed, 2 failed", False))

    def test_a_run_of_which_all_is_left_out_fails(self):
        suite = run.Suite([["e2e"]])
        out = io.StringIO()
        with mock.patch.dict("os.environ", {"REQUIRE_E2E": "0"}), contextlib.redirect_stdout(out):
            run.without_go(suite)
            ok = suite.run()
            suite.close()
        self.assertFalse(ok)
        self.assertTrue(out.getvalue().endswith("\n0 passed, 0 failed, 1 skipped\n"))

    def test_what_does_not_build_is_not_run(self):
        self.assertEqual(outcome(say("[  PASSED  ] 3 tests."), builds=[say("error", code=1)]),
                         ("0 passed, 1 failed", False))

    def test_a_part_that_does_not_exist_is_refused(self):
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
            with mock.patch("sys.argv", ["run.py", "--only", "behavior"]):
                run.main()


class TimesTest(unittest.TestCase):
    def test_only_what_went_well_is_kept_beside_what_is_known(self):
        suite = run.Suite([["unit", "tidy"]])
        suite.results, suite.times = {"unit": True, "tidy": False}, {"unit": [9, 7], "tidy": [1, 1]}
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "times.json"
            path.write_text('{"chaos": [700, 80], "tidy": [3, 2]}')
            suite.keep_times(path)
            self.assertEqual(json.loads(path.read_text()),
                             {"chaos": [700, 80], "tidy": [3, 2], "unit": [9, 7]})

    def test_the_last_cell_of_a_part_that_ran_is_written(self):
        text = "| `unit` | test | what | – |\n| `chaos` | all | what | 5 s, 6 s |\n| field | – |\n"
        self.assertEqual(table.with_times(text, {"unit": [1234, 7]}),
                         text.replace("– |\n| `c", "1,234 s, 7 s |\n| `c"))


class PartsTest(unittest.TestCase):
    def test_every_part_is_in_a_group_and_the_other_way_round(self):
        named = {name for stages in GROUPS.values() for stage in stages for name in stage}
        self.assertEqual(named, set(PARTS) - {"coverage"})

    def test_everything_is_everything(self):
        in_all = {name for stage in GROUPS["all"] for name in stage}
        self.assertEqual(in_all, set(PARTS) - {"coverage", "seeds"})

    def test_a_filter_is_read_from_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "kept.txt"
            for text, told in (("*\n", "*"), ("A.*\n-A.b\nC.d\n-C.*\n", "A.*:C.d-A.b:C.*")):
                path.write_text(text)
                self.assertEqual(kept(path), told)

    def test_no_part_runs_twice(self):
        for stages in GROUPS.values():
            names = [name for stage in stages for name in stage]
            self.assertEqual(sorted(names), sorted(set(names)))

    def test_make_test_needs_no_go_and_no_server(self):
        for name in GROUPS["test"][0]:
            self.assertFalse(PARTS[name].needs_go, name)
            self.assertNotIn("nbkeys_sandbox", PARTS[name].release, name)

    def test_every_gtest_program_refuses_a_filter_that_matches_nothing(self):
        tests = run.ROOT / "tests"
        for path in tests.rglob("CMakeLists.txt"):
            self.assertNotIn("GTest::gtest_main", path.read_text(), path)
        mains = {path.relative_to(tests).as_posix() for path in tests.rglob("*.cc")
                 if "RUN_ALL_TESTS();" in path.read_text()}
        self.assertEqual(mains, {"runner/filter.cc"})

    def test_contributing_tells_of_every_part(self):
        text = (run.ROOT / "CONTRIBUTING.md").read_text()
        told = re.findall(r"^\| `([a-z0-9-]+)` \|", text, re.MULTILINE)
        self.assertEqual(sorted(told), sorted(PARTS))


if __name__ == "__main__":
    unittest.main()
