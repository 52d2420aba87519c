"""A real kube-apiserver takes what the chart renders, with strict field validation."""

import json

import pytest

from chart import CHART, NAMESPACE, ROOT, VALUES, find, pod_specs, released

CRD = ROOT / "crds" / "keys.netbird.io_setupkeys.yaml"


@pytest.fixture(scope="module")
def ready(cluster):
    """The namespaces that the examples speak of, and the kind SetupKey."""
    for name in ("team-a", "team-b", "monitoring", "netbird", NAMESPACE):
        cluster.namespace(name)
    cluster.kubectl.run("apply", "--server-side", f"--filename={CRD}")
    cluster.established("setupkeys.keys.netbird.io")
    yield cluster
    cluster.kubectl.run("delete", f"--filename={CRD}", "--wait=true")
    for namespace in ("netbird", NAMESPACE):
        cluster.kubectl.within(namespace).run("delete", "serviceaccount", "--all")


def dry_run(cluster, objects):
    # As JSON: YAML libraries disagree about which words are booleans.
    everything = {"apiVersion": "v1", "kind": "List", "items": objects}
    return cluster.kubectl.try_run(
        "apply", "--server-side", "--dry-run=server", "--validate=strict", "--force-conflicts",
        "--filename=-", stdin=json.dumps(everything), timeout=120)


def account(cluster, namespace, name):
    """Pods are refused where their ServiceAccount does not exist."""
    within = cluster.kubectl.within(namespace)
    if within.get("serviceaccount", name) is None:
        within.run("create", "serviceaccount", name)


@pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)
def test_every_object_is_taken(ready, path):
    # By ready.helm: Helm then asks the server itself which kinds there are.
    objects = ready.helm.template(path)
    for each in objects:
        if each["kind"] == "Pod":
            account(ready, each["metadata"]["namespace"], each["spec"]["serviceAccountName"])
    done = dry_run(ready, objects)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("serverside-applied (server dry run)") == len(objects)
    assert "Warning" not in done.stderr, done.stderr


def test_a_misspelt_field_would_be_noticed(ready):
    objects = ready.helm.template(
        {"prometheusRule": {"enabled": True}, "crds": {"install": False}})
    find(objects, "PrometheusRule")["spec"]["groups"][0]["rules"][0]["exprr"] = "1"
    find(objects, "Deployment")["spec"]["replicsa"] = 1
    done = dry_run(ready, objects)
    assert done.returncode != 0
    assert "exprr" in done.stderr and "replicsa" in done.stderr


@pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)
def test_pods_are_taken_under_the_restricted_standard(ready, path):
    """The standard refuses pods only, so each template of a pod is tried as one."""
    ready.namespace("restricted", **{"pod-security.kubernetes.io/enforce": "restricted"})
    pods = []
    for number, (_, spec) in enumerate(pod_specs(released(ready.helm.template(path)))):
        account(ready, "restricted", spec["serviceAccountName"])
        pods.append({"apiVersion": "v1", "kind": "Pod", "spec": spec,
                     "metadata": {"name": f"try-{number}", "namespace": "restricted"}})
    assert pods
    done = dry_run(ready, pods)
    assert done.returncode == 0, done.stderr


def test_the_restricted_standard_would_refuse(ready):
    ready.namespace("restricted", **{"pod-security.kubernetes.io/enforce": "restricted"})
    spec = find(ready.helm.template(), "Deployment")["spec"]["template"]["spec"]
    account(ready, "restricted", spec["serviceAccountName"])
    del spec["containers"][0]["securityContext"]["capabilities"]
    done = dry_run(ready, [{"apiVersion": "v1", "kind": "Pod", "spec": spec,
                            "metadata": {"name": "try", "namespace": "restricted"}}])
    assert 'violates PodSecurity "restricted' in done.stderr


def test_helm_itself_asks_the_server(ready):
    values = ready.helm.values_file({"serviceMonitor": {"enabled": True}})
    done = ready.helm.run("install", "another", CHART, f"--namespace={NAMESPACE}", "--dry-run=server",
                          f"--values={values}", "--set=crds.install=false")
    assert "kind: ServiceMonitor" in done, "Helm sees the kinds of the cluster"
