"""A real kube-apiserver to which Helm talks, without nodes: nothing runs pods here."""

from pathlib import Path

from chart import HERE, Helm
from harness.kubectl import Kubectl
from harness.kubernetes import ControlPlane

STUBS = HERE / "stubs" / "monitoring.yaml"


class Cluster:
    def __init__(self, binaries, helm_binary, folder):
        self.folder = Path(folder)
        self.binaries = binaries
        self.plane = ControlPlane(binaries, self.folder)
        # The aggregated roles are filled by a controller of their own.
        self.plane.controllers.argv = [
            f"{word},clusterrole-aggregation-controller" if word.startswith("--controllers=")
            else word for word in self.plane.controllers.argv]
        self.helm = Helm(helm_binary, self.folder, self.plane.kubeconfig)
        self.kubectl = Kubectl(binaries / "kubectl", self.plane,
                               self.folder / "kubectl-cache")

    def start(self):
        self.plane.start()
        self.kubectl.run("apply", f"--filename={STUBS}")
        for kind in ("servicemonitors", "podmonitors", "prometheusrules"):
            self.established(f"{kind}.monitoring.coreos.com")
        self.plane.start_controllers()
        return self

    def established(self, crd):
        self.kubectl.run("wait", "--for=condition=Established", "--timeout=30s", f"crd/{crd}")

    def namespace(self, name, **labels):
        self.kubectl.apply({"apiVersion": "v1", "kind": "Namespace",
                            "metadata": {"name": name, "labels": labels}})
        return self.kubectl.within(name)

    def stop(self):
        self.plane.stop()
