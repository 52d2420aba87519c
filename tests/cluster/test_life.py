"""An upgrade from an older chart, each way to uninstall, and a new installation after it."""

import shutil

import pytest
import yaml

from chart import CHART
from harness.wait import until
from release import CRD, Release

FINALIZER = "keys.netbird.io/setup-key"


@pytest.fixture
def release(site):
    made = Release(site)
    made.prepare()
    try:
        yield made
    finally:
        made.clear()


def older_chart(folder):
    """This chart as of a version before: a lower number, and a kind with one column less."""
    target = folder / "nbkeys"
    shutil.copytree(CHART, target)
    about = target / "Chart.yaml"
    about.write_text(about.read_text().replace("\nversion: ", "\nversion: 0.0.1-before-"))
    path = target / "files" / "crds" / "keys.netbird.io_setupkeys.yaml"
    crd = yaml.safe_load(path.read_text())
    crd["spec"]["versions"][0]["additionalPrinterColumns"].pop()
    path.write_text(yaml.safe_dump(crd))
    return target


def test_upgrade_with_the_crd(release, tmp_path):
    release.do("install", chart=older_chart(tmp_path))
    kubectl = release.site.kubectl
    before = kubectl.get("crd", CRD)["spec"]
    key = release.declare("web")
    pods = {each["metadata"]["uid"] for each in release.pods()}
    release.do("upgrade")
    after = kubectl.get("crd", CRD)["spec"]
    columns = [len(each["versions"][0]["additionalPrinterColumns"]) for each in (before, after)]
    assert columns[1] == columns[0] + 1
    until("the pods are new ones", lambda: not pods & {
        each["metadata"]["uid"] for each in release.pods()}, 60)
    release.declare("web-2")
    assert kubectl.within("default").get("setupkey", "web")["status"]["keyID"] == (
        key["status"]["keyID"])


def test_retain_and_reinstall(release):
    release.do("install")
    release.declare("web")
    keys = release.key_ids()
    release.do("uninstall")
    default = release.site.kubectl.within("default")
    assert "finalizers" not in default.get("setupkey", "web")["metadata"]
    assert default.get("secret", "web") is not None and release.key_ids() == keys
    release.do("install")
    until("the finalizer is back", lambda: FINALIZER in default.get("setupkey", "web")[
        "metadata"].get("finalizers", []), 60)
    release.declare("other")
    assert keys < release.key_ids() and len(release.key_ids()) == len(keys) + 1


def test_delete(release):
    release.do("install", uninstall={"policy": "Delete"})
    release.declare("web")
    release.do("uninstall")
    assert release.site.kubectl.list("setupkeys", "--all-namespaces") == []
    assert release.key_ids() == set()


def test_none(release):
    release.do("install", uninstall={"policy": "None"})
    release.declare("web")
    release.do("uninstall")
    web = release.site.kubectl.within("default").get("setupkey", "web")
    assert FINALIZER in web["metadata"]["finalizers"]
    assert len(release.key_ids()) == 1


def test_scoped_by_a_user_without_rights_in_the_cluster(release):
    kubectl = release.site.kubectl
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a"}})
    kubectl.run("apply", f"--filename={CHART}/files/crds/keys.netbird.io_setupkeys.yaml")
    rules = [{"apiGroups": ["keys.netbird.io"], "verbs": ["*"],
              "resources": ["setupkeys", "setupkeys/status", "setupkeys/finalizers"]},
             {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["*"]},
             {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]}]
    group = "rbac.authorization.k8s.io"
    for namespace in ("team-a", release.namespace):
        api, meta = {"apiVersion": f"{group}/v1"}, {"namespace": namespace}
        kubectl.apply(
            {**api, "kind": "Role", "metadata": {**meta, "name": "ada"}, "rules": rules},
            *({**api, "kind": "RoleBinding", "metadata": {**meta, "name": f"ada-{kind.lower()}"},
               "subjects": [{"kind": "User", "name": "ada", "apiGroup": group}],
               "roleRef": {"apiGroup": group, "kind": kind, "name": name}}
              for kind, name in (("Role", "ada"), ("ClusterRole", "admin"))))
    as_ada = "--kube-as-user=ada"
    release.do("install", as_ada, watchNamespaces=["team-a"], crds={"install": False})
    release.declare("theirs", namespace="team-a")
    release.do("uninstall", as_ada)
    theirs = kubectl.within("team-a").get("setupkey", "theirs")
    assert "finalizers" not in theirs["metadata"]
    assert kubectl.within("team-a").get("secret", "theirs") is not None
