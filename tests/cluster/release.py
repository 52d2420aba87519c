"""What the tests do with the release and look at in it."""

from chart import CHART, NAMESPACE
from harness.scene import status_of
from harness.wait import until

CRD = "setupkeys.keys.netbird.io"


class Release:
    def __init__(self, site, namespace=NAMESPACE):
        self.site = site
        self.namespace = namespace
        self.kubectl = site.kubectl.within(namespace)

    def prepare(self):
        self.site.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": self.namespace,
            "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
        self.kubectl.run("delete", "secret", "netbird-token", "--ignore-not-found")
        self.kubectl.run("create", "secret", "generic", "netbird-token",
                         f"--from-file={self.site.folder}/NB_API_KEY")
        return self

    def do(self, verb, *words, chart=CHART, **values):
        given = [] if verb == "uninstall" else [chart, self.site.values(**values), "--wait"]
        return self.site.helm.run(verb, "nbkeys", *given, f"--namespace={self.namespace}",
                                  "--timeout=180s", *words, timeout=240)

    def deployment(self):
        return self.kubectl.get("deployment", "nbkeys")

    def pods(self):
        return self.kubectl.list("pods", "-lapp.kubernetes.io/name=nbkeys")

    def leader(self):
        lease = self.kubectl.get("lease", "nbkeys")
        return (lease or {}).get("spec", {}).get("holderIdentity", "")

    def declare(self, name, namespace="default", timeout=60):
        kubectl = self.site.kubectl.within(namespace)
        kubectl.apply({"apiVersion": "keys.netbird.io/v1alpha1", "kind": "SetupKey",
                       "metadata": {"name": name}, "spec": {}})
        return until(f"{name} is Ready", lambda: (
            found := kubectl.get("setupkey", name)) and status_of(found, "Ready") == "True"
            and found, timeout, explain=self.logs)

    def logs(self):
        return self.kubectl.try_run("logs", "--selector=app.kubernetes.io/name=nbkeys",
                                    "--tail=30", "--prefix").stdout

    def key_ids(self):
        return {key["id"] for key in self.site.netbird.keys()}

    def clear(self):
        """Nothing of it is left for the next test: no release, no SetupKey, no kind."""
        self.site.helm.try_run("uninstall", "nbkeys", f"--namespace={self.namespace}", "--no-hooks")
        until("the pods are gone", lambda: self.pods() == [], 60)
        if self.site.kubectl.get("crd", CRD) is not None:
            for each in self.site.kubectl.list("setupkeys", "--all-namespaces"):
                self.site.kubectl.within(each["metadata"]["namespace"]).patch(
                    "setupkey", each["metadata"]["name"], {"metadata": {"finalizers": None}})
            self.site.kubectl.run("delete", "crd", CRD, "--wait=true")
        self.site.netbird.delete_keys(self.key_ids())
