"""The plain manifests hold the same objects as the chart by default.

They differ only in what belongs to one of the two ways: Helm's labels and annotations, the Namespace
(with Helm it is --create-namespace, for a chart cannot own the namespace it lives in), the tag of the
image, and Helm's own hooks.
"""

import os
import subprocess
from pathlib import Path

from chart import ROOT, objects_of, released, without

HELM_LABELS = ("helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/version",
               "app.kubernetes.io/instance", "helm.sh/resource-policy")


def normal(objects):
    """{(kind, namespace, name): object}, in the words that both ways share."""
    found = {}
    for each in without(objects, *HELM_LABELS):
        if each["kind"] == "Namespace":
            continue
        meta = each["metadata"]
        if not meta.get("annotations"):
            meta.pop("annotations", None)
        if each["kind"] == "Deployment":
            for container in each["spec"]["template"]["spec"]["containers"]:
                container["image"] = container["image"].partition(":")[0]
        found[(each["kind"], meta.get("namespace"), meta["name"])] = each
    return found


def kustomized():
    kubectl = Path(os.environ["NBKEYS_SERVERS"]) / "kubectl"
    return objects_of(subprocess.run([kubectl, "kustomize", ROOT / "deploy"], check=True,
                                     capture_output=True, text=True).stdout)


def test_deploy_is_the_default_of_the_chart(helm):
    # `helm test` has no twin.
    chart = normal(released(helm.template({"helmTest": {"enabled": False}})))
    plain = normal(kustomized())
    assert sorted(map(str, chart)) == sorted(map(str, plain))
    for key, each in chart.items():
        assert each == plain[key], key


def test_the_namespace_is_held_to_the_restricted_standard():
    labels = [each["metadata"]["labels"] for each in kustomized() if each["kind"] == "Namespace"]
    assert labels and labels[0]["pod-security.kubernetes.io/enforce"] == "restricted"
