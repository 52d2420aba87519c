"""A release with a real NetBird behind it, and the tests in the kubelet's place: they run what the
release's pods would run, as the ServiceAccount that those name."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

from chart import CHART, HelmError, objects_of
from harness.curl import curl
from harness.kubernetes import write_kubeconfig
from harness.nbkeys import binary
from harness.netbird import NetBirdApi, NetBirdServer
from harness.process import Process, free_ports
from harness.scene import status_of
from harness.wait import until

CRD = "setupkeys.keys.netbird.io"


class Site:
    def __init__(self, cluster, namespace):
        self.cluster = cluster
        self.namespace = namespace
        self.folder = cluster.folder / namespace
        self.folder.mkdir()
        self.kubectl = cluster.namespace(namespace)
        self.server = NetBirdServer(cluster.binaries, self.folder)
        self.port = free_ports(1)[0]
        self.netbird = None
        self.operator = None
        self.started = 0

    def start(self):
        self.server.start()
        token = self.server.set_up()
        self.netbird = NetBirdApi(self.server.url, token)
        (self.folder / "NB_API_KEY").write_text(token)
        self.kubectl.run("create", "secret", "generic", "netbird-token",
                         f"--from-file={self.folder}/NB_API_KEY")
        return self

    def stop(self):
        self.stop_operator()
        self.server.stop()

    # Helm

    def values(self, values):
        given = {"defaultAccount": {"managementURL": self.server.url, "insecureHTTP": True},
                 "metrics": {"port": self.port}, "resyncInterval": "2s", **values}
        path = self.folder / "values.json"
        path.write_text(json.dumps(given))
        return f"--values={path}"

    def install(self, **values):
        self.cluster.helm.run("install", "nbkeys", CHART, f"--namespace={self.namespace}",
                              self.values(values))
        self.cluster.established(CRD)

    def apply_rendered(self, **values):
        """As those do who do not know hooks. Returns what was applied."""
        text = self.cluster.helm.run("template", "nbkeys", CHART, f"--namespace={self.namespace}",
                                     self.values(values))
        # Each says its namespace itself.
        self.cluster.kubectl.run("apply", "--server-side", "-f", "-", stdin=text)
        self.cluster.established(CRD)
        return objects_of(text)

    def hooks(self):
        return objects_of(self.cluster.helm.run("get", "hooks", "nbkeys",
                                                f"--namespace={self.namespace}"))

    def uninstall(self):
        """helm uninstall, while its Job runs here. Returns what the Job's program said."""
        before = self.job()
        with ThreadPoolExecutor() as pool:
            # Helm waits all this time for a Job that has failed.
            helm = pool.submit(self.cluster.helm.run, "uninstall", "nbkeys",
                               f"--namespace={self.namespace}", "--timeout=25s")
            # Not the Job of an uninstall that failed before: Helm replaces it, and its rights, first.
            job = until("the Job of the uninstall, or the end of it", lambda: (
                helm.done() and "ended") or self.job_other_than(before))
            if job == "ended":
                helm.result()
                raise HelmError("helm uninstall ended without a Job")
            stopping = pool.submit(self.stop_when_scaled_down, helm)
            done = self.run(job["spec"]["template"]["spec"], "nbkeys-uninstall")
            self.end_job(done.returncode == 0)
            try:
                helm.result()
            except HelmError:
                assert done.returncode != 0, done.stderr
            finally:
                stopping.result()
        return done

    def job(self):
        return self.kubectl.get("job", "nbkeys-uninstall")

    def job_other_than(self, before):
        job = self.job()
        same = job and before and job["metadata"]["uid"] == before["metadata"]["uid"]
        return None if same else job

    def released(self):
        """Names of the releases that Helm knows of, whatever their state."""
        return self.cluster.helm.run("list", f"--namespace={self.namespace}", "--short")

    # In the kubelet's place

    def argv(self, pod_spec):
        """The program's arguments, with what a node would fill in."""
        words = {"$(POD_NAMESPACE)": self.namespace, "/run/secrets/netbird": str(self.folder),
                 "--metrics-address=:": "--metrics-address=127.0.0.1:"}
        found = [str(binary())]
        for arg in pod_spec["containers"][0]["args"]:
            for word, meaning in words.items():
                arg = arg.replace(word, meaning)
            found.append(arg)
        return found

    def env(self, account):
        token = until(f"a token for {account}", lambda: self.kubectl.try_run(
            "create", "token", account, "--duration=1h").stdout.strip())
        path = self.folder / f"{account}.kubeconfig"
        path.unlink(missing_ok=True)
        plane = self.cluster.plane
        write_kubeconfig(path, plane.url, plane.ca_file, token, self.namespace)
        return {"KUBECONFIG": str(path), "PATH": "/usr/bin:/bin", "NO_PROXY": "127.0.0.1"}

    def run(self, pod_spec, account):
        return subprocess.run(self.argv(pod_spec), env=self.env(account), timeout=120,
                              capture_output=True, text=True, check=False)

    def run_operator(self):
        """One pod of the Deployment: an object that nothing schedules, and the process."""
        template = self.kubectl.get("deployment", "nbkeys")["spec"]["template"]
        self.started += 1
        pod = {"apiVersion": "v1", "kind": "Pod", "spec": template["spec"],
               "metadata": {"name": "operator", "labels": template["metadata"]["labels"]}}
        self.kubectl.create(pod)
        env = self.env(template["spec"]["serviceAccountName"])
        self.operator = Process("operator", self.argv(template["spec"]),
                                self.folder / f"operator-{self.started}.log", env=env).start()
        self.operator.await_ready("ready", lambda: curl(
            "GET", f"http://127.0.0.1:{self.port}/readyz", timeout=5).status == 200)

    def stop_operator(self):
        if self.operator is not None:
            assert self.operator.stop() == 0
            self.operator = None
            self.kubectl.run("delete", "pod", "operator", "--ignore-not-found")

    def stop_when_scaled_down(self, uninstalling):
        def over():
            found = self.kubectl.get("deployment", "nbkeys")
            if found is None or found["spec"]["replicas"] == 0:
                self.stop_operator()
                return True
            return uninstalling.done()
        until("the uninstall has stopped the operator, or failed", over, timeout=120)

    def end_job(self, succeeded):
        """What the Job controller writes when the pod has ended."""
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        ends = ["SuccessCriteriaMet", "Complete"] if succeeded else ["FailureTarget", "Failed"]
        status = {"startTime": now, "conditions": [
            {"type": each, "status": "True", "lastProbeTime": now, "lastTransitionTime": now,
             "reason": "Tests", "message": "the program has ended"} for each in ends]}
        if succeeded:
            status.update(completionTime=now, succeeded=1)
        self.kubectl.patch("job", "nbkeys-uninstall", {"status": status}, "--subresource=status")

    # What there is

    def declare(self, name, namespace=None, **spec):
        kubectl = self.cluster.kubectl.within(namespace or self.namespace)
        kubectl.apply({"apiVersion": "keys.netbird.io/v1alpha1", "kind": "SetupKey",
                       "metadata": {"name": name}, "spec": spec})
        return until(f"{name} is Ready", lambda: (
            found := kubectl.get("setupkey", name)) and status_of(found, "Ready") == "True" and found)

    def keys_of(self, setup_key):
        return self.netbird.keys_of(setup_key["metadata"]["uid"])
