"""The alerts: promtool's own tests, and that each of them is tested, explained and documented."""
import re
import shutil
import subprocess
from pathlib import Path

import yaml

from stage import BIN, README, RULES

HERE = Path(__file__).resolve().parent
TESTS = HERE / "alerts.yaml"


def promtool(*arguments):
    done = subprocess.run([BIN / "promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def rules():
    found = [r for group in yaml.safe_load(RULES.read_text())["groups"] for r in group["rules"]]
    assert len(found) >= 12
    return found


def test_rules_are_sound():
    assert f"{len(rules())} rules found" in promtool("check", "rules", "--lint=all", "--lint-fatal",
                                                     str(RULES))


def test_rules_fire_when_they_should(tmp_path):
    for file in (RULES, TESTS):
        shutil.copy(file, tmp_path)
    assert "SUCCESS" in promtool("test", "rules", str(tmp_path / TESTS.name))


def test_each_alert_is_seen_silent_and_firing():
    seen = {True: set(), False: set()}
    for test in yaml.safe_load(TESTS.read_text())["tests"]:
        for case in test["alert_rule_test"]:
            seen[bool(case.get("exp_alerts"))].add(case["alertname"])
    names = {rule["alert"] for rule in rules()}
    assert seen[True] == names
    assert seen[False] == names


def test_each_alert_says_what_to_do():
    anchors = {re.sub(r"[^a-z0-9-]", "", heading.lower().replace(" ", "-"))
               for heading in re.findall(r"^#+ (.+)$", README.read_text(), re.M)}
    for rule in rules():
        name, notes = rule["alert"], rule["annotations"]
        assert rule["labels"]["severity"] in ("critical", "warning", "info"), name
        assert notes["summary"] and len(notes["description"]) > 60, name
        page, _, anchor = notes["runbook_url"].partition("#")
        assert page.endswith("/deploy/monitoring/README.md"), name
        assert anchor == name.lower() and anchor in anchors, f"{name}: no runbook"
