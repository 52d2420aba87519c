"""What the values do."""

import json
import shutil

import pytest
import yaml

from chart import (CHART, MONITORING, NAMESPACE, ROOT, VALUES, cluster_wide, find, hooks, kinds,
                   operator, pod_specs)


@pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)
def test_every_example_renders(helm, path):
    objects = helm.template(path)
    seen = [(each["apiVersion"], each["kind"], each["metadata"].get("namespace"),
             each["metadata"]["name"]) for each in objects]
    assert len(seen) == len(set(seen)), "an object is there twice"
    for each in objects:
        assert len(each["metadata"]["name"]) <= 63


def test_names_and_labels(helm):
    objects = helm.template({"commonLabels": {"team": "a"}, "commonAnnotations": {"x": "z"}},
                            release="prod")
    for each in objects:
        meta = each["metadata"]
        assert meta["labels"]["app.kubernetes.io/instance"] == "prod", meta["name"]
        assert meta["labels"]["team"] == "a", meta["name"]
        assert meta["annotations"]["x"] == "z", meta["name"]
    assert find(objects, "Deployment")["metadata"]["name"] == "prod-nbkeys"


def test_two_releases_can_live_side_by_side(helm):
    names = [{(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
              for each in helm.template({"crds": {"install": False}}, release=release)}
             for release in ("nbkeys-a", "nbkeys-b")]
    assert not names[0] & names[1]


def test_a_long_name_leaves_room_for_its_endings(helm):
    objects = helm.template(ROOT / "tests/chart/values/private-netbird.yaml")
    name = find(objects, "Deployment")["metadata"]["name"]
    assert "netbird-keys-of-the-platform-team".startswith(name[:33]) and len(name) == 44
    # Helm keeps its records in the release's own namespace.
    records = {f"{name}-check", f"{name}-uninstall-record"}
    assert {each["metadata"]["namespace"] for each in objects if "namespace" in each["metadata"]
            and each["metadata"]["name"] not in records} == {"netbird"}


def test_flags(helm):
    args = operator(helm.template(ROOT / "tests/chart/values/everything.yaml"))["args"]
    assert args == [
        "run", "--leader-elect", "--lease-name=nbkeys-lock", "--lease-namespace=$(POD_NAMESPACE)",
        "--lease-duration=30s", "--renew-deadline=20s", "--retry-period=4s",
        "--netbird-url=https://netbird.example.com:8443/management",
        "--netbird-token-file=/run/secrets/netbird/NB_API_KEY",
        "--netbird-ca-file=/run/secrets/netbird-ca/ca.crt", "--identity=copy-2",
        "--netbird-requests-per-minute=120", "--netbird-burst=20",
        "--watch-namespace=team-a", "--watch-namespace=team-b", "--resync=1m30s",
        "--concurrency=4", "--refuse-in-secret-template=example.com/",
        "--refuse-in-secret-template=tier=gold", "--metrics-address=:9090", "--metrics-per-object=false",
        "--log-level=debug", "--log-format=text", "--context=somewhere"]


def test_image(helm):
    def image(**values):
        return operator(helm.template({"image": values}))["image"]
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    assert image() == f"nbkeys:{version}"
    assert image(registry="r.example:5000", repository="a/b", tag="1") == "r.example:5000/a/b:1"
    digest = "sha256:" + "0" * 64
    assert image(tag="1", digest=digest) == f"nbkeys:1@{digest}"
    for _, spec in pod_specs(helm.template({"image": {"tag": "9"}})):
        assert spec["containers"][0]["image"] == "nbkeys:9"


def test_token_from_an_existing_secret(helm):
    reference = {"name": "mine", "key": "pat"}
    objects = helm.template({"defaultAccount": {"tokenSecretRef": reference}})
    assert "Secret" not in kinds(objects)
    volume = find(objects, "Deployment")["spec"]["template"]["spec"]["volumes"][0]
    assert volume["secret"]["secretName"] == "mine"
    assert volume["secret"]["items"] == [{"key": "pat", "path": "NB_API_KEY"}]


def test_token_from_a_value(helm):
    objects = helm.template({"defaultAccount": {"token": "nbp_a"}})
    secret = find(objects, "Secret")
    assert secret["data"] == {"NB_API_KEY": "bmJwX2E="}
    volume = find(objects, "Deployment")["spec"]["template"]["spec"]["volumes"][0]
    assert volume["secret"]["secretName"] == secret["metadata"]["name"]


def test_proxies_come_with_exceptions(helm):
    env = {each["name"]: each.get("value") for each in operator(helm.template(
        {"proxy": {"https": "http://proxy:3128"}}))["env"]}
    assert env["HTTPS_PROXY"] == "http://proxy:3128"
    assert "$(KUBERNETES_SERVICE_HOST)" in env["NO_PROXY"]
    assert "HTTP_PROXY" not in env
    plain = operator(helm.template())["env"]
    assert {each["name"] for each in plain} == {"POD_NAME", "POD_NAMESPACE"}


@pytest.mark.parametrize("url, port", [
    ("https://api.netbird.io", 443), ("http://127.0.0.1", 80), ("https://a.example:8443/x", 8443),
    ("https://[2001:db8::1]:444", 444), ("https://[2001:db8::1]", 443)])
def test_network_policy_lets_netbird_s_port_out(helm, url, port):
    policy = find(helm.template({
        "networkPolicy": {"enabled": True},
        "defaultAccount": {"managementURL": url, "insecureHTTP": True}}), "NetworkPolicy")
    rules = policy["spec"]["egress"]
    ports = [[each["port"] for each in rule["ports"]] for rule in rules]
    assert ports == [[53, 53], [443, 6443], [port]]
    assert [each["ports"] for each in policy["spec"]["ingress"]] == [
        [{"port": "metrics", "protocol": "TCP"}]]


def test_the_network_policy_covers_every_pod_of_the_release(helm):
    objects = helm.template({"networkPolicy": {"enabled": True}})
    selector = find(objects, "NetworkPolicy")["spec"]["podSelector"]
    allowed = selector["matchExpressions"][0]["values"]
    for kind in ("Deployment", "Job", "Pod"):
        each = find(objects, kind)
        labels = (each if kind == "Pod" else each["spec"]["template"])["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] in allowed
        assert selector["matchLabels"].items() <= labels.items()


def test_without_an_election_the_old_pod_goes_first(helm):
    values = {"replicaCount": 1, "leaderElection": {"enabled": False}}
    assert find(helm.template(values), "Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    assert "--leader-elect" not in operator(helm.template(values))["args"]


def test_spread_gets_the_operators_own_selector(helm):
    objects = helm.template(ROOT / "tests/chart/values/everything.yaml")
    deployment = find(objects, "Deployment")
    own, given = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert own["labelSelector"] == deployment["spec"]["selector"]
    assert given["labelSelector"] == {"matchLabels": {"tier": "infra"}}


def test_pod_labels_cannot_break_the_selector(helm):
    deployment = find(helm.template({"podLabels": {"app.kubernetes.io/name": "x", "a": "b"}}),
                      "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert labels["a"] == "b"


def test_disruption_budget(helm):
    def budget(**values):
        spec = find(helm.template({"podDisruptionBudget": values}), "PodDisruptionBudget")["spec"]
        return spec.get("minAvailable"), spec.get("maxUnavailable")
    assert budget() == (None, 1)
    assert budget(minAvailable=1) == (1, None)
    assert budget(minAvailable=0) == (0, None)
    assert budget(maxUnavailable="50%") == (None, "50%")
    assert "PodDisruptionBudget" not in kinds(
        helm.template({"podDisruptionBudget": {"enabled": False}}))


def crd_annotations(helm, **values):
    crd = find(helm.template({"crds": values}), "CustomResourceDefinition")
    return crd["metadata"].get("annotations", {})


def test_the_crd_is_kept_unless_told_otherwise(helm):
    assert crd_annotations(helm) == {"helm.sh/resource-policy": "keep"}
    assert crd_annotations(helm, keep=False) == {}
    assert crd_annotations(helm, annotations={"a": "b"})["a"] == "b"
    assert "CustomResourceDefinition" not in kinds(helm.template({"crds": {"install": False}}))


def test_the_crd_is_rendered_whole(helm):
    rendered = find(helm.template(), "CustomResourceDefinition")
    source = yaml.safe_load((ROOT / "crds/keys.netbird.io_setupkeys.yaml").read_text())
    assert rendered["spec"] == source["spec"]


def test_monitors_only_where_the_cluster_knows_them(helm):
    values = {name: {"enabled": True} for name in ("serviceMonitor", "podMonitor", "prometheusRule")}
    wanted = {"ServiceMonitor", "PodMonitor", "PrometheusRule", "Service"}
    assert wanted <= kinds(helm.template(values, apis=MONITORING))
    assert not wanted & kinds(helm.template(values, apis=[]))
    always = {name: {**each, "renderMode": "alwaysRender"} for name, each in values.items()}
    assert wanted <= kinds(helm.template(always, apis=[]))
    assert not wanted & kinds(helm.template(apis=MONITORING))


def test_a_monitor_elsewhere_finds_the_operator(helm):
    objects = helm.template({"serviceMonitor": {"enabled": True, "namespace": "monitoring"}})
    monitor, service = find(objects, "ServiceMonitor"), find(objects, "Service")
    assert monitor["metadata"]["namespace"] == "monitoring"
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": [NAMESPACE]}
    assert monitor["spec"]["selector"]["matchLabels"].items() <= (
        service["metadata"]["labels"].items())
    assert monitor["spec"]["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    pods = find(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= pods.items()


def alerts(objects):
    return {rule["alert"]: rule for group in find(objects, "PrometheusRule")["spec"]["groups"]
            for rule in group["rules"] if "alert" in rule}


def test_alerts(helm):
    source = yaml.safe_load((ROOT / "deploy/monitoring/rules.yaml").read_text())
    rule = helm.template({"prometheusRule": {"enabled": True}})
    assert find(rule, "PrometheusRule")["spec"]["groups"] == source["groups"]
    names = list(alerts(rule))
    fewer = alerts(helm.template({"prometheusRule": {
        "enabled": True, "disabled": names[:1], "alertLabels": {"team": "a"}}}))
    assert list(fewer) == names[1:]
    assert all(each["labels"]["team"] == "a" for each in fewer.values())


def test_dashboard(helm):
    found = [each for each in helm.template({"grafanaDashboard": {"enabled": True}})
             if each["kind"] == "ConfigMap"]
    assert len(found) == 1
    assert found[0]["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(found[0]["data"]["nbkeys.json"])["panels"]


def test_the_check_runs_as_the_operator(helm):
    objects = helm.template({"watchNamespaces": ["team-a", "team-b"]})
    pod = hooks(objects, "test")
    assert len(pod) == 1
    spec = pod[0]["spec"]
    deployment = find(objects, "Deployment")["spec"]["template"]["spec"]
    assert spec["serviceAccountName"] == deployment["serviceAccountName"]
    token = deployment["volumes"][0]["secret"]
    assert spec["volumes"] == [{**deployment["volumes"][0], "secret": {**token, "optional": True}},
                               *deployment["volumes"][1:]], "that the Secret is not there is told"
    account = ["--operator-namespace=nbkeys-system",
               "--helm-record=nbkeys-system/sh.helm.release.v1.nbkeys.v1",
               "--netbird-url=https://api.netbird.io",
               "--netbird-token-file=/run/secrets/netbird/NB_API_KEY"]
    assert [each["args"] for each in spec["containers"]] == [
        ["check", "--namespace=team-a", *account], ["check", "--namespace=team-b", *account]]
    everywhere = hooks(helm.template(), "test")[0]["spec"]["containers"]
    assert [each["args"] for each in everywhere] == [["check", "--all-namespaces", *account]]


def test_as_a_subchart(helm, tmp_path):
    """Helm adds `global` to a subchart's values, which a closed schema must let through."""
    parent = tmp_path / "parent"
    shutil.copytree(CHART, parent / "charts" / "nbkeys")
    (parent / "Chart.yaml").write_text("apiVersion: v2\nname: parent\nversion: 1.0.0\n")
    (parent / "values.yaml").write_text("global: {region: x}\nnbkeys: {replicaCount: 3}\n")
    objects = helm.template(chart=parent, release="r")
    assert find(objects, "Deployment")["spec"]["replicas"] == 3


def test_what_belongs_to_the_cluster_by_default(helm):
    assert sorted(cluster_wide(helm.template({"uninstall": {"policy": "None"}}))) == [
        "ClusterRole/nbkeys", "ClusterRole/nbkeys-edit", "ClusterRole/nbkeys-view",
        "ClusterRoleBinding/nbkeys", "CustomResourceDefinition/setupkeys.keys.netbird.io"]
