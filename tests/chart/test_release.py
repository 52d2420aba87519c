"""Helm installs, upgrades and uninstalls the chart on a real kube-apiserver."""

import json

import pytest
import yaml

from chart import CHART, ROOT, HelmError
from harness.wait import until

CRD = "setupkeys.keys.netbird.io"
QUIET = ["--set=uninstall.policy=None"]  # no node runs the Job here; test_cleanup.py does


class Release:
    def __init__(self, cluster, namespace, name="nbkeys"):
        self.cluster = cluster
        self.helm = cluster.helm
        self.namespace = namespace
        self.name = name
        self.kubectl = cluster.namespace(namespace)

    def do(self, verb, *words):
        chart = [] if verb in ("uninstall", "rollback") else [CHART]
        return self.helm.run(verb, self.name, *chart, f"--namespace={self.namespace}", *words)

    def objects(self):
        return {each["kind"] for kind in ("deployment", "serviceaccount", "role", "pdb", "secret")
                for each in self.kubectl.list(kind, f"-lapp.kubernetes.io/instance={self.name}")}

    def deployment(self):
        return self.kubectl.get("deployment", self.name)


@pytest.fixture
def release(cluster):
    made = Release(cluster, "nbkeys-system")
    yield made
    made.helm.try_run("uninstall", "nbkeys", "--namespace=nbkeys-system", "--no-hooks",
                      "--ignore-not-found")
    if crd(cluster) is not None:
        # Of one that is not served yet the API server does not know what it has to clean up, and
        # tries again a minute later.
        cluster.established(CRD)
    cluster.kubectl.run("delete", "crd", CRD, "--ignore-not-found", "--wait=true", timeout=180)


def crd(cluster):
    return cluster.kubectl.get("crd", CRD)


def test_install_upgrade_rollback_uninstall(cluster, release):
    said = release.do("install", *QUIET)
    assert "create secret generic netbird-token" in said
    cluster.established(CRD)
    assert release.deployment()["spec"]["replicas"] == 2
    release.do("upgrade", *QUIET, "--set=replicaCount=3", "--set=log.level=debug")
    assert release.deployment()["spec"]["replicas"] == 3
    release.do("rollback", "1")
    assert release.deployment()["spec"]["replicas"] == 2
    release.do("uninstall")
    assert release.objects() == set()
    assert crd(cluster) is not None, "crds.keep"


def test_the_notes_commands_can_be_pasted(cluster, release):
    said = release.do("install", *QUIET, "--set=watchNamespaces={nbkeys-system}")
    cluster.established(CRD)
    manifest = next(line for line in said.split("\n") if "echo '" in line).split("'")[1]
    assert "kubectl -n nbkeys-system apply" in said
    release.kubectl.run("apply", "--filename=-", stdin=manifest)
    assert "nbsk/web-fleet" in said
    release.kubectl.delete("setupkey", "web-fleet", wait=True)


def test_setup_keys_survive_a_reinstall(cluster, release):
    release.do("install", *QUIET)
    cluster.established(CRD)
    release.kubectl.apply({"apiVersion": "keys.netbird.io/v1alpha1", "kind": "SetupKey",
                           "metadata": {"name": "mine"}, "spec": {}})
    uid = release.kubectl.get("setupkey", "mine")["metadata"]["uid"]
    release.do("uninstall")
    release.do("install", *QUIET)
    assert release.kubectl.get("setupkey", "mine")["metadata"]["uid"] == uid
    release.kubectl.delete("setupkey", "mine")


def test_the_crd_goes_where_it_is_not_kept(cluster, release):
    said = release.do("install", *QUIET, "--set=crds.keep=false")
    assert "uninstalling deletes every SetupKey" in said
    release.do("uninstall")
    until("the CRD is gone", lambda: crd(cluster) is None)


def test_an_upgrade_brings_the_crd_up_to_date(cluster, release):
    """As from a chart whose CRD had one column less."""
    release.do("install", *QUIET)
    cluster.established(CRD)
    whole = crd(cluster)["spec"]
    columns = whole["versions"][0]["additionalPrinterColumns"]
    cluster.kubectl.run("patch", "crd", CRD, "--type=json", "--patch=" + json.dumps([
        {"op": "remove",
         "path": f"/spec/versions/0/additionalPrinterColumns/{len(columns) - 1}"}]))
    assert crd(cluster)["spec"] != whole
    release.do("upgrade", *QUIET, "--force-conflicts")
    assert crd(cluster)["spec"] == whole


def test_turning_crds_install_off_keeps_the_crd(cluster, release):
    release.do("install", *QUIET)
    release.do("upgrade", *QUIET, "--set=crds.install=false")
    assert crd(cluster) is not None


def test_a_crd_that_was_applied_by_hand_is_not_touched(cluster, release):
    cluster.kubectl.run("apply", f"--filename={ROOT}/crds/keys.netbird.io_setupkeys.yaml")
    cluster.established(CRD)
    with pytest.raises(HelmError, match="cannot be imported into the current release"):
        release.do("install", *QUIET)
    release.do("install", *QUIET, "--set=crds.install=false")
    release.do("uninstall")
    assert "meta.helm.sh/release-name" not in crd(cluster)["metadata"]["annotations"]
    release.do("install", *QUIET, "--take-ownership", "--force-conflicts")
    assert crd(cluster)["metadata"]["annotations"]["meta.helm.sh/release-name"] == "nbkeys"


def test_a_token_in_the_values_is_not_asked_for_again(cluster, release):
    said = release.do("install", *QUIET, "--set=defaultAccount.token=nbp_of_the_values")
    assert "create secret" not in said and "nbp_of_the_values" not in said
    assert "helm -n nbkeys-system test nbkeys" in said


def test_an_existing_token_secret_is_noticed(cluster, release):
    release.kubectl.run("create", "secret", "generic", "netbird-token",
                        "--from-literal=NB_API_KEY=x")
    said = release.do("install", *QUIET)
    release.kubectl.delete("secret", "netbird-token")
    assert "create secret" not in said


def test_scoped_under_a_user_without_rights_in_the_cluster(cluster, release):
    """An administrator of two namespaces, who was given SetupKeys there, installs all by himself."""
    cluster.kubectl.run("apply", f"--filename={ROOT}/crds/keys.netbird.io_setupkeys.yaml")
    cluster.established(CRD)
    cluster.namespace("team-a")
    rights = [{"apiGroups": ["keys.netbird.io"], "verbs": ["*"],
               "resources": ["setupkeys", "setupkeys/status", "setupkeys/finalizers"]},
              {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["*"]},
              {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]}]
    for namespace in ("team-a", "nbkeys-system"):
        subject = {"kind": "User", "name": "ada", "apiGroup": "rbac.authorization.k8s.io"}
        meta = {"namespace": namespace}
        api = {"apiVersion": "rbac.authorization.k8s.io/v1"}
        cluster.kubectl.apply(
            {**api, "kind": "Role", "metadata": {**meta, "name": "ada"}, "rules": rights},
            *({**api, "kind": "RoleBinding", "metadata": {**meta, "name": f"ada-{number}"},
               "subjects": [subject], "roleRef": {"apiGroup": "rbac.authorization.k8s.io", **role}}
              for number, role in enumerate([{"kind": "Role", "name": "ada"},
                                             {"kind": "ClusterRole", "name": "admin"}])))
    as_ada = ["--kube-as-user=ada"]
    words = [*as_ada, *QUIET, "--set=watchNamespaces={team-a}"]
    with pytest.raises(HelmError, match="cannot .* at the cluster scope"):
        release.do("install", *words)
    release.do("uninstall", "--ignore-not-found")
    release.do("install", *words, "--set=crds.install=false")
    can = ["auth", "can-i", "--as=system:serviceaccount:nbkeys-system:nbkeys"]
    within = cluster.kubectl.within("team-a")
    assert within.run(*can, "list", "secrets").strip() == "yes"
    assert within.run(*can, "patch", "setupkeys.keys.netbird.io").strip() == "yes"
    nowhere = cluster.kubectl.within("default").try_run(*can, "list", "secrets")
    assert nowhere.stdout.strip() == "no"
    release.do("uninstall", *as_ada)


def test_aggregated_roles_reach_people(cluster, release):
    release.do("install", *QUIET)
    cluster.established(CRD)

    def verbs_of(role, resource):
        found = cluster.kubectl.get("clusterrole", role)["rules"] or []
        return {verb for rule in found if resource in rule.get("resources", ()) for verb in rule["verbs"]
                if resource != "setupkeys" or "keys.netbird.io" in rule["apiGroups"]}

    until("view may read", lambda: verbs_of("view", "setupkeys") == {"get", "list", "watch"})
    until("edit may write", lambda: "create" in verbs_of("edit", "setupkeys"))
    until("admin may write", lambda: "delete" in verbs_of("admin", "setupkeys"))
    assert verbs_of("view", "secrets") == set()


def test_values_and_manifest_can_be_read_back(cluster, release):
    release.do("install", *QUIET, "--set=replicaCount=1", "--set=image.repository=r.example/nbkeys")
    given = yaml.safe_load(release.helm.run(
        "get", "values", "nbkeys", "--namespace=nbkeys-system", "--output=yaml"))
    assert given == {"image": {"repository": "r.example/nbkeys"}, "replicaCount": 1,
                     "uninstall": {"policy": "None"}}
