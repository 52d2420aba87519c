"""The page itself: sound by promtool's rules, complete by its documentation, small in labels."""
import re
import subprocess

import scenes
from stage import BIN, README, ROOT, Operator, wait_for

# A standby replica tells of itself only; who leads tells of the SetupKeys.
LEADERS_ONLY = re.compile(r"^netbird_keys_(setupkey_|setupkeys_|account_|metrics_)", re.M)
NAME = re.compile(r"^# TYPE (\S+)", re.M)


def listed_names():
    text = (ROOT / "src" / "telemetry" / "names.h").read_text()
    return set(re.findall(r'Word k\w+ =\s*"((?:netbird_keys|controller_runtime|workqueue|rest_client|'
                          r'leader_election|process)_\w+)"', text))


def test_promtool_finds_nothing_to_say(site):
    done = subprocess.run([BIN / "promtool", "check", "metrics"], input=site.operator.metrics(),
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_every_metric_is_there_and_documented(site):
    names = set(NAME.findall(site.operator.metrics()))
    assert names == listed_names()
    assert names == set(re.findall(r"^\| `(\w+)", README.read_text(), re.M))


def test_every_family_says_what_it_means(site):
    helps = dict(re.findall(r"^# HELP (\S+) (.+)$", site.operator.metrics(), re.M))
    assert set(helps) == set(NAME.findall(site.operator.metrics()))
    for name, text in helps.items():
        assert text.endswith(".") and len(text) > 15, name
        if name.endswith("_seconds") and "process" not in name:
            assert re.search(r"\b[Ss]econds\b", text), f"{name}: no unit in '{text}'"


def test_the_standby_does_not_repeat_the_leader(site):
    assert LEADERS_ONLY.search(site.operator.metrics())
    page = site.standby.metrics()
    assert 'leader_election_master_status{name="nbkeys"} 0' in page
    assert not LEADERS_ONLY.search(page)


def test_counts_are_right(site):
    page = wait_for("used_times is known", lambda: re.search(
        r"used_times\{[^}]*\} 3$", site.operator.metrics(), re.M) and site.operator.metrics())
    fleet = '{namespace="default",name="fleet"}'
    assert f"netbird_keys_setupkey_ready_status{fleet} 1" in page
    assert f"netbird_keys_setupkey_usage_limit{fleet} 50" in page
    assert 'netbird_keys_account_keys{kind="in_use"} 1' in page
    assert 'netbird_keys_account_keys{kind="unmarked"} 1' in page
    assert 'netbird_keys_issued_total{reason="FirstIssue"} 1' in page
    total = sum(int(n) for n in re.findall(r"^controller_runtime_reconcile_total.* (\d+)$", page, re.M))
    assert total == int(re.search(r"^controller_runtime_reconcile_time_seconds_count.* (\d+)$",
                                  page, re.M)[1])


def test_names_can_be_left_out(tmp_path, site):
    alone = Operator(tmp_path, site.sandbox, "alone", "--lease-name", "another",
                     "--metrics-per-object=false")
    try:
        wait_for("it leads", lambda: alone.alive() and _leads(alone))
        page = wait_for("the SetupKeys are known", lambda: (
            'netbird_keys_setupkeys_status{ready="true"' in alone.metrics() and alone.metrics()))
    finally:
        alone.end()
    assert "fleet" not in page
    assert "netbird_keys_metrics_per_object 0" in page


def _leads(operator):
    try:
        return 'leader_election_master_status{name="another"} 1' in operator.metrics()
    except OSError:
        return False


def test_no_key_material(site):
    key = site.sandbox.call("kube", "GET", "/api/v1/namespaces/default/secrets/fleet")
    import base64
    text = base64.b64decode(key["data"]["setup-key"]).decode()
    scenes.rotate(site.sandbox)
    assert text not in site.operator.metrics() + site.operator.log.read_text("utf-8")
