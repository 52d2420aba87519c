"""Who renders the chart without honouring hooks applies them with the rest: nothing may happen then.

The programs of the Job and of the test run with the rights that the chart gives them.
"""

import itertools

import pytest

from chart import CHART, find
from site_of_release import CRD, Site

FINALIZER = "keys.netbird.io/setup-key"
NUMBERS = itertools.count(1)


@pytest.fixture
def site(cluster):
    made = Site(cluster, f"static-{next(NUMBERS)}")
    applied = []
    made.apply = lambda **values: applied.extend(made.apply_rendered(**values))
    try:
        yield made.start()
    finally:
        made.stop()
        for each in made.kubectl.list("setupkeys", "--all-namespaces") if applied else ():
            made.kubectl.patch("setupkey", each["metadata"]["name"],
                               {"metadata": {"finalizers": None}})
        for each in reversed(applied):
            words = [each["kind"], each["metadata"]["name"], "--ignore-not-found"]
            where = each["metadata"].get("namespace")
            made.cluster.kubectl.run("delete", *words, "--wait=true",
                                     *([f"--namespace={where}"] if where else []))


def job(site):
    found = site.job()
    return site.run(found["spec"]["template"]["spec"], "nbkeys-uninstall")


@pytest.mark.parametrize("policy", ["Retain", "Delete"])
def test_the_job_of_the_uninstall_does_nothing(site, policy):
    site.apply(uninstall={"policy": policy, "timeoutSeconds": 10})
    site.run_operator()
    site.declare("web")
    done = job(site)
    assert done.returncode == 0, done.stderr
    assert "nothing is done" in done.stdout and done.stdout.count("\n") == 1
    assert "uninstall.trustHooks" in done.stdout
    assert site.kubectl.get("setupkey", "web")["metadata"]["finalizers"] == [FINALIZER]
    assert site.kubectl.get("deployment", "nbkeys")["spec"]["replicas"] == 2


def test_whoever_says_that_hooks_are_honoured_is_believed(site):
    site.apply(uninstall={"trustHooks": True})
    site.run_operator()
    site.declare("web")
    site.stop_operator()
    done = job(site)
    assert done.returncode == 0, done.stderr
    assert "1 SetupKey let go" in done.stdout
    assert site.kubectl.get("deployment", "nbkeys")["spec"]["replicas"] == 0


def test_the_test_checks_nothing(site):
    site.apply()
    spec = site.kubectl.get("pod", "nbkeys-check")["spec"]
    done = site.run(spec, "nbkeys")
    assert done.returncode == 0, done.stderr
    assert "nothing is checked" in done.stdout and done.stdout.count("\n") == 1


def test_neither_may_read_the_token(site):
    other = f"{site.namespace}-other"
    site.cluster.namespace(other)
    site.apply(watchNamespaces=[other])
    for account in ("nbkeys", "nbkeys-uninstall"):
        may = [site.kubectl.try_run("auth", "can-i", verb, what, "--quiet",
                                    f"--as=system:serviceaccount:{site.namespace}:{account}"
                                    ).returncode == 0
               for verb, what in (("get", "secret/netbird-token"), ("list", "secrets"),
                                  ("get", "secret/sh.helm.release.v1.nbkeys.v1"))]
        assert may == [False, False, True], account


def test_a_release_that_was_rolled_back_is_found(cluster):
    """Its hooks are those of the revision to which it went back."""
    made = Site(cluster, "static-rollback")
    helm, where = cluster.helm, "--namespace=static-rollback"
    try:
        made.start()
        made.install()
        for _ in range(2):
            helm.run("upgrade", "nbkeys", "--reuse-values", "--set=log.level=debug", CHART, where)
        helm.run("rollback", "nbkeys", "1", where)
        made.run_operator()
        made.declare("web")
        done = made.uninstall()
        assert done.returncode == 0, done.stderr
        assert "1 SetupKey let go" in done.stdout
        assert made.released() == ""
    finally:
        made.stop()
        helm.try_run("uninstall", "nbkeys", where, "--no-hooks")
        cluster.kubectl.run("delete", "crd", CRD, "--ignore-not-found", "--wait=true")


def test_helms_own_test_checks(cluster):
    made = Site(cluster, "static-helm-test")
    try:
        made.start()
        made.install()
        pod = find(made.hooks(), "Pod", "nbkeys-check")
        done = made.run(pod["spec"], "nbkeys")
        assert "NetBird token" in done.stdout and "role admin" in done.stdout, done.stdout
        (made.folder / "NB_API_KEY").unlink()
        done = made.run(pod["spec"], "nbkeys")
        assert done.returncode == 1, "never green where NetBird could not be asked"
        assert "failed" in done.stdout and "NB_API_KEY" in done.stdout, done.stdout
    finally:
        made.stop()
        cluster.helm.try_run("uninstall", "nbkeys", "--namespace=static-helm-test", "--no-hooks")
        cluster.kubectl.run("delete", "crd", CRD, "--ignore-not-found", "--wait=true")
