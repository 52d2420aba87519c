"""What `helm uninstall` does with SetupKeys and keys, on a real NetBird.

The Job's program runs with the rights that the chart gives it; that a kubelet runs it is not shown
here.
"""

import itertools
import signal
import subprocess

import pytest

from chart import VALUES, pod_specs
from harness.nbkeys import binary
from harness.process import tail
from harness.wait import until
from site_of_release import CRD, Site

FINALIZER = "keys.netbird.io/setup-key"
NUMBERS = itertools.count(1)


@pytest.fixture
def site(cluster):
    made = Site(cluster, f"site-{next(NUMBERS)}")
    try:
        yield made.start()
    finally:
        made.stop()
        cluster.helm.try_run("uninstall", "nbkeys", f"--namespace={made.namespace}", "--no-hooks")
        exists = cluster.kubectl.get("crd", CRD) is not None
        for each in cluster.kubectl.list("setupkeys", "--all-namespaces") if exists else ():
            cluster.kubectl.within(each["metadata"]["namespace"]).patch(
                "setupkey", each["metadata"]["name"], {"metadata": {"finalizers": None}})
        cluster.kubectl.run("delete", "crd", CRD, "--ignore-not-found", "--wait=true")


def finalizers(site, name):
    return site.kubectl.get("setupkey", name)["metadata"].get("finalizers", [])


def hooks_left(site):
    names = [each["metadata"]["name"] for kind in ("serviceaccount", "role", "rolebinding", "job")
             for each in site.kubectl.list(kind)]
    names += [each["metadata"]["name"] for kind in ("clusterrole", "clusterrolebinding")
              for each in site.cluster.kubectl.list(kind)]
    return [name for name in names if name.startswith("nbkeys")]


def test_retain_and_a_new_installation_takes_over(site):
    site.install()
    site.run_operator()
    before = site.declare("web")
    site.declare("db")
    keys = {key["id"] for key in site.netbird.keys()}
    assert FINALIZER in finalizers(site, "web")
    done = site.uninstall()
    assert done.returncode == 0, done.stderr
    assert "2 SetupKeys let go" in done.stdout
    assert finalizers(site, "web") == finalizers(site, "db") == []
    assert site.kubectl.get("secret", "web") is not None
    assert {key["id"] for key in site.netbird.keys()} == keys
    assert site.released() == "" and hooks_left(site) == []
    site.install()
    site.run_operator()
    until("the finalizer is back", lambda: FINALIZER in finalizers(site, "web"))
    after = site.declare("web")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["status"]["keyID"] == before["status"]["keyID"]
    assert {key["id"] for key in site.netbird.keys()} == keys, "no key was issued anew"


def test_delete(site):
    site.install(uninstall={"policy": "Delete", "timeoutSeconds": 60})
    site.run_operator()
    gone, kept = site.declare("gone"), site.declare("kept", deletionPolicy="Retain")
    done = site.uninstall()
    assert done.returncode == 0, done.stderr
    assert "2 SetupKeys deleted" in done.stdout
    assert site.kubectl.list("setupkeys") == []
    assert site.keys_of(gone) == []
    assert len(site.keys_of(kept)) == 1, "each deletionPolicy is honoured"
    assert site.released() == "" and hooks_left(site) == []
    assert site.cluster.kubectl.get("crd", CRD) is not None


def test_delete_that_cannot_be_done_uninstalls_nothing_and_can_be_repeated(site):
    site.install(uninstall={"policy": "Delete", "timeoutSeconds": 10})
    site.run_operator()
    site.declare("web")
    # Hung and not stopped: NetBird would come back with another key for its database.
    site.server.process.signal(signal.SIGSTOP)
    done = site.uninstall()
    assert done.returncode == 4
    assert f"out of time: {site.namespace}/web" in done.stderr
    assert "nothing is uninstalled" in done.stderr and done.stderr.count("\n") == 1
    assert site.kubectl.get("deployment", "nbkeys")["spec"]["replicas"] == 2
    site.server.process.signal(signal.SIGCONT)
    until("the operator has gone on deleting", lambda: site.kubectl.list("setupkeys") == [], 120,
          explain=lambda: tail(site.operator.log_path))
    done = site.uninstall()
    assert done.returncode == 0, done.stderr
    assert site.released() == "" and site.netbird.keys() == []


def test_none_leaves_all_as_it_is(site):
    site.install(uninstall={"policy": "None"})
    site.run_operator()
    site.declare("web")
    site.cluster.helm.run("uninstall", "nbkeys", f"--namespace={site.namespace}")
    assert FINALIZER in finalizers(site, "web")
    assert len(site.netbird.keys()) == 1


def test_retain_without_any_right_in_the_cluster(site):
    team, other = f"{site.namespace}-team", f"{site.namespace}-other"
    site.cluster.namespace(team)
    site.cluster.namespace(other)
    site.install(watchNamespaces=[team])
    site.run_operator()
    site.declare("mine", namespace=team)
    foreign = site.cluster.kubectl.within(other)
    foreign.create({"apiVersion": "keys.netbird.io/v1alpha1", "kind": "SetupKey", "spec": {},
                    "metadata": {"name": "theirs", "finalizers": [FINALIZER]}})
    done = site.uninstall()
    assert done.returncode == 0, done.stderr
    assert "1 SetupKey let go" in done.stdout
    mine = site.cluster.kubectl.within(team).get("setupkey", "mine")
    assert "finalizers" not in mine["metadata"]
    assert foreign.get("setupkey", "theirs")["metadata"]["finalizers"] == [FINALIZER]


def cleanup(*words, env=None):
    return subprocess.run([binary(), "cleanup", *words], env=env or {"PATH": "/usr/bin"}, timeout=60,
                          capture_output=True, text=True, check=False)


def test_nothing_to_do_without_the_kind(site):
    """As when the CustomResourceDefinition was deleted by hand before."""
    done = cleanup("--policy=retain", env=site.env("default") | {
        "KUBECONFIG": str(site.cluster.plane.kubeconfig)})
    assert done.returncode == 0, done.stderr
    assert "0 SetupKeys let go" in done.stdout


def test_a_missing_right_is_one_line(site):
    site.install()
    done = cleanup("--policy=retain", env=site.env("default"))
    assert done.returncode == 3
    assert "cannot list resource" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("words, said", [
    ([], "--policy is required"),
    (["--policy=keep"], "neither retain nor delete"),
    (["--policy=retain", "--timeout=soon"], "not a duration"),
    (["--policy=retain", "--timeout=2h"], "not a duration from 1s to 1h"),
    (["--policy=retain", "--watch-namespace=a/b"], "not the name of a namespace"),
    (["--policy=delete", "--stop-deployment=a"], "the operator must run"),
    (["--policy=retain", "extra"], "extra"),
])
def test_called_wrongly(words, said):
    done = cleanup(*words)
    assert done.returncode == 2
    assert said in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)
def test_the_program_knows_every_flag_of_the_chart(helm, path):
    for name, spec in pod_specs(helm.template(path)):
        for container in spec["containers"]:
            if "args" not in container:
                continue
            verb, *args = container["args"]
            # The parser looks at --help only after it has refused what it does not know.
            words = [binary(), verb, *args]
            done = subprocess.run([*words, "--no-such-flag"], capture_output=True, text=True,
                                  env={}, timeout=30, check=False)
            assert done.returncode == 2, f"{name}: {done.stderr}"
            assert "--no-such-flag" in done.stderr and done.stderr.count("--") <= 2, (
                f"{name}: {done.stderr}")
