"""What the operator may do, and as what it runs."""

import pytest

from chart import (NAMESPACE, VALUES, cluster_wide, find, hooks, is_hook, kinds, pod_specs,
                   released, rules)

# What `nbkeys run` asks of the API server; tests/e2e runs it with just this.
NEEDED = {
    ("keys.netbird.io", "setupkeys", "get", ()), ("keys.netbird.io", "setupkeys", "list", ()),
    ("keys.netbird.io", "setupkeys", "watch", ()), ("keys.netbird.io", "setupkeys", "patch", ()),
    ("keys.netbird.io", "setupkeys/status", "patch", ()),
    ("keys.netbird.io", "setupkeys/finalizers", "update", ()),
    ("", "secrets", "get", ()), ("", "secrets", "list", ()), ("", "secrets", "watch", ()),
    ("", "secrets", "create", ()), ("", "secrets", "patch", ()),
    ("", "events", "create", ()), ("", "events", "patch", ()),
}


# Of `helm test`: that Helm has released this at all.
RECORDS = {("", "secrets", "get", tuple(f"sh.helm.release.v1.nbkeys.v{number}"
                                        for number in range(1, 33)))}


def lease(name):
    group = "coordination.k8s.io"
    return {(group, "leases", "create", ()), *((group, "leases", verb, (name,))
                                               for verb in ("get", "update", "patch"))}


def bound(objects, account, namespace=NAMESPACE):
    """Every right that bindings give to an account: {namespace or None: rights}."""
    found = {}
    for binding in objects:
        if not binding["kind"].endswith("RoleBinding"):
            continue
        subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
        if subject not in binding["subjects"]:
            continue
        place = binding["metadata"].get("namespace")
        role = [each for each in objects if each["kind"] == binding["roleRef"]["kind"]
                and each["metadata"]["name"] == binding["roleRef"]["name"]
                and each["metadata"].get("namespace") == place]
        assert len(role) == 1, f"{binding['kind']} {binding['metadata']['name']} names no role"
        found.setdefault(place, set()).update(rules(role[0]))
    return found


def test_cluster_wide(helm):
    assert bound(helm.template(), "nbkeys") == {
        None: NEEDED, NAMESPACE: lease("nbkeys") | RECORDS}


def test_scoped(helm):
    objects = helm.template({"watchNamespaces": ["team-a", "team-b"]})
    assert bound(objects, "nbkeys") == {
        "team-a": NEEDED, "team-b": NEEDED, NAMESPACE: lease("nbkeys") | RECORDS}
    # A CustomResourceDefinition belongs to the cluster, whatever one does.
    assert cluster_wide(objects) == ["CustomResourceDefinition/setupkeys.keys.netbird.io"]


def test_scoped_to_its_own_namespace(helm):
    objects = helm.template({"watchNamespaces": [NAMESPACE]})
    assert bound(objects, "nbkeys") == {NAMESPACE: NEEDED | lease("nbkeys") | RECORDS}


def test_scoped_without_the_crd_needs_no_right_in_the_cluster(helm):
    values = {"watchNamespaces": ["team-a"], "crds": {"install": False}}
    for policy in ("Retain", "Delete", "None"):
        assert cluster_wide(helm.template({**values, "uninstall": {"policy": policy}})) == []


def test_no_lease_no_right_to_leases(helm):
    objects = helm.template({"replicaCount": 1, "leaderElection": {"enabled": False}})
    assert bound(objects, "nbkeys") == {None: NEEDED, NAMESPACE: RECORDS}


def test_the_lease_that_is_named_is_the_one_that_is_allowed(helm):
    objects = helm.template({"leaderElection": {"leaseName": "other"}})
    assert bound(objects, "nbkeys")[NAMESPACE] == lease("other") | RECORDS


def test_nobody_gets_everything(helm):
    for path in VALUES:
        for role in (each for each in helm.template(path) if each["kind"].endswith("Role")):
            for group, resource, verb, _ in rules(role):
                assert "*" not in (group, resource, verb), role["metadata"]["name"]
            assert not any(resource == "secrets" and verb in ("delete", "update", "deletecollection")
                           for _, resource, verb, _ in rules(role)), role["metadata"]["name"]


SETUP_KEY = "keys.netbird.io"
STOP = {("apps", "deployments/scale", "get", ("nbkeys",)),
        ("apps", "deployments/scale", "patch", ("nbkeys",)), ("", "pods", "list", ())}


def test_rights_of_the_uninstall_job(helm):
    retain = hooks(helm.template(), "pre-delete")
    assert bound(retain, "nbkeys-uninstall") == {
        None: {(SETUP_KEY, "setupkeys", "list", ()), (SETUP_KEY, "setupkeys", "patch", ())},
        NAMESPACE: STOP | RECORDS}
    delete = hooks(helm.template({"uninstall": {"policy": "Delete"}}), "pre-delete")
    assert bound(delete, "nbkeys-uninstall") == {
        None: {(SETUP_KEY, "setupkeys", "list", ()), (SETUP_KEY, "setupkeys", "delete", ())},
        NAMESPACE: RECORDS}
    trusting = hooks(helm.template({"uninstall": {"trustHooks": True}}), "pre-delete")
    assert bound(trusting, "nbkeys-uninstall")[NAMESPACE] == STOP
    assert hooks(helm.template({"uninstall": {"policy": "None"}}), "pre-delete") == []


def test_rights_of_the_uninstall_job_when_scoped(helm):
    objects = helm.template({"watchNamespaces": ["team-a"], "uninstall": {"policy": "Delete"}})
    assert bound(hooks(objects, "pre-delete"), "nbkeys-uninstall") == {
        "team-a": {(SETUP_KEY, "setupkeys", "list", ()), (SETUP_KEY, "setupkeys", "delete", ())},
        NAMESPACE: RECORDS}


def test_the_uninstall_job_is_bounded(helm):
    job = find(helm.template({"uninstall": {"timeoutSeconds": 30}}), "Job")
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert "--timeout=30s" in container["args"]
    assert job["spec"]["activeDeadlineSeconds"] == 90
    weights = {each["kind"]: int(each["metadata"]["annotations"]["helm.sh/hook-weight"])
               for each in hooks(helm.template(), "pre-delete")}
    assert all(weight < weights["Job"] for kind, weight in weights.items() if kind != "Job")


def aggregated(objects):
    """{name: (where it is added, rights)} of the roles for people."""
    prefix = "rbac.authorization.k8s.io/aggregate-to-"
    return {each["metadata"]["name"]:
            ({label.removeprefix(prefix) for label in each["metadata"]["labels"]
              if label.startswith(prefix)}, rules(each))
            for each in objects if each["kind"] == "ClusterRole"
            and any(label.startswith(prefix) for label in each["metadata"]["labels"])}


def test_roles_for_people(helm):
    found = aggregated(helm.template())
    assert set(found) == {"nbkeys-view", "nbkeys-edit"}
    places, view = found["nbkeys-view"]
    assert places == {"view", "edit", "admin"}
    assert {resource for _, resource, _, _ in view} == {"setupkeys", "setupkeys/status"}
    assert {verb for _, _, verb, _ in view} == {"get", "list", "watch"}
    places, edit = found["nbkeys-edit"]
    assert places == {"edit", "admin"}
    assert {resource for _, resource, _, _ in edit} == {"setupkeys"}


def test_roles_for_people_only_where_wanted(helm):
    found = aggregated(helm.template({"rbac": {"aggregateToEdit": False}}))
    assert {name: places for name, (places, _) in found.items()} == {
        "nbkeys-view": {"view", "admin"}, "nbkeys-edit": {"admin"}}


def test_without_rbac_there_is_no_role(helm):
    objects = helm.template({"rbac": {"create": False}, "uninstall": {"policy": "None"}})
    assert not any("Role" in kind for kind in kinds(objects))


@pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)
def test_every_pod_is_restricted(helm, path):
    found = list(pod_specs(helm.template(path)))
    assert found
    for name, spec in found:
        pod = spec["securityContext"]
        assert pod["runAsNonRoot"] is True and pod["runAsUser"] > 0, name
        assert pod["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not any(spec.get(each) for each in ("hostNetwork", "hostPID", "hostIPC")), name
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name


def test_limits_and_requests(helm):
    for name, spec in pod_specs(helm.template()):
        resources = spec["containers"][0]["resources"]
        assert set(resources["requests"]) == {"cpu", "memory"}, name
        # No CPU limit: throttling would delay the renewal of the lease.
        assert set(resources["limits"]) == {"memory"}, name


def test_the_token_reaches_the_operator_as_a_file_only(helm):
    objects = helm.template({"defaultAccount": {"token": "nbp_plain"}})
    for each in objects:
        if each["kind"] != "Secret":
            assert "nbp_plain" not in str(each), each["kind"]
    assert all("secretKeyRef" not in str(spec) for _, spec in pod_specs(objects))


def test_accounts_are_not_handed_out(helm):
    for each in helm.template():
        if each["kind"] == "ServiceAccount":
            assert each["automountServiceAccountToken"] is False


def test_the_job_for_uninstalling_is_no_pod_of_the_deployment(helm):
    """Else the Deployment's Service, budget and anti-affinity would count it in."""
    objects = helm.template()
    wanted = find(objects, "Deployment")["spec"]["selector"]["matchLabels"]
    for each in objects:
        labels = (each["metadata"] if each["kind"] == "Pod"
                  else each.get("spec", {}).get("template", {}).get("metadata", {})).get("labels", {})
        if is_hook(each) and labels:
            assert not wanted.items() <= labels.items(), each["kind"]
    assert released(objects)
