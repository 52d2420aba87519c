"""Values that cannot be meant are refused before anything is installed, with their name."""

import pytest

from chart import CHART, VALUES, HelmError

WRONG = [
    ({"replicaCuont": 3}, "replicaCuont"),
    ({"image": {"tags": "1"}}, "tags"),
    ({"defaultAccount": {"managmentURL": "https://a"}}, "managmentURL"),
    ({"defaultAccount": {"tokenSecretRef": {"nam": "a"}}}, "nam"),
    ({"networkPolicy": {"egress": {"apiServer": {"cidr": "10.0.0.0/8"}}}}, "cidr"),
    ({"podSecurityContext": {"runAsNonroot": True}}, "runAsNonroot"),
    ({"securityContext": {"capabilities": {"dropp": ["ALL"]}}}, "dropp"),
    ({"tolerations": [{"efect": "NoSchedule"}]}, "efect"),
    ({"serviceMonitor": {"labels": {}}}, "labels"),
    ({"crds": {"kept": True}}, "kept"),
    ({"replicaCount": "three"}, "/replicaCount"),
    ({"replicaCount": -1}, "/replicaCount"),
    ({"image": {"tag": 1.2}}, "/image/tag"),
    ({"image": {"repository": "nbkeys:latest"}}, "/image/repository"),
    ({"image": {"digest": "sha256:abc"}}, "/image/digest"),
    ({"watchNamespaces": "team-a"}, "/watchNamespaces"),
    ({"watchNamespaces": ["Team_A"]}, "/watchNamespaces/0"),
    ({"watchNamespaces": ["a", "a"]}, "/watchNamespaces"),
    ({"resyncInterval": 300}, "/resyncInterval"),
    ({"resyncInterval": "5 minutes"}, "/resyncInterval"),
    ({"concurrency": 0}, "/concurrency"),
    ({"secretTemplate": {"refuse": ["example.com/*"]}}, "/secretTemplate/refuse/0"),
    ({"log": {"level": "verbose"}}, "/log/level"),
    ({"uninstall": {"policy": "delete"}}, "/uninstall/policy"),
    ({"uninstall": {"timeoutSeconds": 5}}, "/uninstall/timeoutSeconds"),
    ({"defaultAccount": {"managementURL": "netbird.example.com"}}, "/defaultAccount/managementURL"),
    ({"defaultAccount": {"managementURL": "https://a.example/?x=1"}},
     "/defaultAccount/managementURL"),
    ({"defaultAccount": {"caBundle": "ca.crt"}}, "/defaultAccount/caBundle"),
    ({"defaultAccount": {"caBundleRef": {"kind": "File"}}}, "/defaultAccount/caBundleRef/kind"),
    ({"metrics": {"port": 80}}, "/metrics/port"),
    ({"podDisruptionBudget": {"minAvailable": "half"}}, "/podDisruptionBudget/minAvailable"),
    ({"commonLabels": {"a": 1}}, "/commonLabels/a"),
    ({"podAnnotations": {"a": True}}, "/podAnnotations/a"),
    ({"resources": {"limits": {"memory": "lots"}}}, "/resources/limits/memory"),
    ({"extraArgs": "--resync=1m"}, "/extraArgs"),
    ({"extraArgs": ["resync=1m"]}, "/extraArgs/0"),
    ({"extraEnv": [{"value": "a"}]}, "/extraEnv/0"),
    ({"topologySpreadConstraints": [{"maxSkew": 1}]}, "/topologySpreadConstraints/0"),
    ({"proxy": {"https": "https://proxy:3128"}}, "/proxy/https"),
]


@pytest.mark.parametrize("values, named", WRONG, ids=[named for _, named in WRONG])
def test_refused(helm, values, named):
    with pytest.raises(HelmError) as refused:
        helm.template(values)
    said = str(refused.value)
    assert "values don't meet the specifications of the schema" in said
    assert f"'{named}'" in said, said


# What a schema cannot say: the template says it, in one line.
CONTRADICTIONS = [
    ({"replicaCount": 2, "leaderElection": {"enabled": False}}, "needs leaderElection.enabled"),
    ({"prometheusRule": {"enabled": True, "disabled": ["NoSuchAlert"]}}, "no alert NoSuchAlert"),
    ({"defaultAccount": {"caBundleRef": {"kind": "Secret"}}}, "caBundleRef.name"),
    ({"defaultAccount": {"managementURL": "http://netbird.example.com"}}, "insecureHTTP"),
    ({"rbac": {"create": False}, "uninstall": {"policy": "Delete"}}, "uninstall.policy: None"),
]


@pytest.mark.parametrize("values, said", CONTRADICTIONS, ids=[said for _, said in CONTRADICTIONS])
def test_contradiction(helm, values, said):
    with pytest.raises(HelmError, match=said):
        helm.template(values)


def test_a_missing_kind_is_refused_only_where_that_is_wanted(helm):
    values = {"serviceMonitor": {"enabled": True, "renderMode": "failIfMissing"}}
    with pytest.raises(HelmError, match="does not know monitoring.coreos.com/v1/ServiceMonitor"):
        helm.template(values, apis=[])


@pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)
def test_lint(helm, path):
    said = helm.run("lint", "--strict", CHART, f"--values={path}")
    assert "0 chart(s) failed" in said
