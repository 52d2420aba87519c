"""The plain manifests hold the same objects as the chart by default.

They differ only in what belongs to one of the two ways: Helm's labels and annotations, the Namespace
(with Helm it is --create-namespace, for a chart cannot own the namespace it lives in), the tag of the
image, and Helm's own hooks.
"""

import os
import shutil
import subprocess
from pathlib import Path

from chart import ROOT, find, kinds, objects_of, pod_specs, released, without

HELM_LABELS = ("helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/version",
               "app.kubernetes.io/instance", "helm.sh/resource-policy",
               "kustomize.toolkit.fluxcd.io/prune", "argocd.argoproj.io/sync-options")


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


def kustomized(*folders):
    kubectl = Path(os.environ["NBKEYS_SERVERS"]) / "kubectl"
    return [each for folder in folders or (ROOT / "crds", ROOT / "deploy")
            for each in objects_of(subprocess.run([kubectl, "kustomize", folder], check=True,
                                                  capture_output=True, text=True).stdout)]


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


def test_deleting_deploy_deletes_no_setup_keys():
    assert "CustomResourceDefinition" not in kinds(kustomized(ROOT / "deploy"))


def test_openshift_gives_user_and_group_itself(helm, tmp_path):
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    with (tmp_path / "deploy/kustomization.yaml").open("a", encoding="utf-8") as file:
        file.write("components:\n  - openshift\n")
    plain = find(kustomized(tmp_path / "deploy"), "Deployment")["spec"]["template"]["spec"]
    assert plain["securityContext"] == {
        "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    openshift = "security.openshift.io/v1"
    for apis, adapt, left_out in ((["x/v1"], "auto", False), ([openshift], "auto", True),
                                  (["x/v1"], "always", True), ([openshift], "never", False)):
        objects = helm.template({"openshift": {"adaptSecurityContext": adapt}}, apis=apis)
        for name, spec in pod_specs(objects):
            found = spec["securityContext"]
            assert ("runAsUser" not in found and "runAsGroup" not in found
                    and "fsGroup" not in found) == left_out, f"{name} {apis} {adapt}"
            assert found["runAsNonRoot"] is True, name
