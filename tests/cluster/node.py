"""A one-node cluster with real pods: containerd, kubelet, kube-proxy and kube-scheduler beside the
control plane of tests/e2e. Needs root and the packages containerd, runc, containernetworking-plugins,
iptables, conntrack and iproute2. Everything listens on loopback or on the bridge of the pods."""

import json
import subprocess
from pathlib import Path

import yaml

from harness.kubernetes import ControlPlane, write_kubeconfig
from harness.kubectl import Kubectl
from harness.process import Process, free_ports
from harness.wait import until
from image import pause_archive

BRIDGE = "nbkeys0"
ADDRESS = "10.88.0.1"
PODS = "10.88.0.0/24"
SANDBOX = "nbkeys.test/pause:1"


class PodPlane(ControlPlane):
    """The control plane, reachable from pods: on the bridge's address instead of loopback."""

    def __init__(self, binaries, folder):
        super().__init__(binaries, folder)
        self.url = f"https://{ADDRESS}:{self.port}"

    def _apiserver(self):
        process = super()._apiserver()
        # The Service `kubernetes` needs its endpoint, which tests/e2e has no use for.
        kept = [word for word in process.argv
                if not word.startswith(("--bind-address", "--endpoint-reconciler-type"))]
        process.argv = [*kept, f"--bind-address={ADDRESS}", f"--advertise-address={ADDRESS}",
                        "--kubelet-preferred-address-types=InternalIP"]
        return process

    def _controllers(self, port):
        process = super()._controllers(port)
        # All of them, and pods get a CA by which the API server's certificate can be verified.
        kept = [word for word in process.argv if not word.startswith("--controllers=")]
        process.argv = [*kept, f"--root-ca-file={self.ca_file}"]
        return process


def containerd_config(folder):
    return f"""
version = 2
root = "{folder}/root"
state = "{folder}/state"
[grpc]
  address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{SANDBOX}"
  stream_server_address = "127.0.0.1"
  # Lowering the score is not permitted inside a container, where these tests may run.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
"""


def cni_config(folder):
    return {"cniVersion": "0.4.0", "name": "nbkeys", "plugins": [
        {"type": "bridge", "bridge": BRIDGE, "isGateway": True, "hairpinMode": True,
         "ipMasq": False,
         "ipam": {"type": "host-local", "dataDir": f"{folder}/addresses",
                  "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]}},
        {"type": "portmap", "capabilities": {"portMappings": True}}]}


def kubelet_config(folder, port):
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "address": ADDRESS, "port": port, "healthzPort": 0,
        "containerRuntimeEndpoint": f"unix://{folder}/containerd.sock",
        "cgroupDriver": "cgroupfs", "cgroupsPerQOS": False, "enforceNodeAllocatable": [],
        "failSwapOn": False, "failCgroupV1": False,
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        # A full disk of this machine is not what is tested.
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%",
                         "imagefs.available": "1%"},
        # A token in a Secret reaches the pod at once and not after a minute.
        "configMapAndSecretChangeDetectionStrategy": "Watch", "syncFrequency": "5s"}


class Node:
    def __init__(self, servers, programs, folder):
        self.folder = Path(folder)
        self.programs = Path(programs)
        self.plane = PodPlane(servers, self.folder)
        self.kubectl = Kubectl(Path(servers) / "kubectl", self.plane,
                               self.folder / "kubectl-cache")
        self.processes = []

    def start(self):
        self._bridge()
        self.plane.start()
        self._containerd()
        self.load(pause_archive(self.folder, SANDBOX))
        self.plane.start_controllers()
        self._kubelet()
        self._scheduler_and_proxy()
        until("the node is Ready", lambda: "True" in self.kubectl.run(
            "get", "nodes", "--output=jsonpath={.items[*].status.conditions[?(@.type=='Ready')]"
            ".status}"), 60, explain=self.kubelet_log)
        return self

    def _bridge(self):
        def ip(*words):
            subprocess.run(["ip", *words], check=True, capture_output=True)
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("address", "add", f"{ADDRESS}/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")

    def _run(self, name, *argv, ready=None):
        process = Process(name, argv, self.folder / f"{name}.log").start()
        self.processes.append(process)
        if ready is not None:
            process.await_ready("ready", ready)
        return process

    def _containerd(self):
        (self.folder / "cni").mkdir()
        (self.folder / "cni" / "nbkeys.conflist").write_text(json.dumps(cni_config(self.folder)))
        config = self.folder / "containerd.toml"
        config.write_text(containerd_config(self.folder))
        self._run("containerd", "containerd", f"--config={config}",
                  ready=lambda: self.ctr("version").returncode == 0)

    def ctr(self, *words):
        return subprocess.run(["ctr", "--address", f"{self.folder}/containerd.sock",
                               "--namespace", "k8s.io", *map(str, words)],
                              capture_output=True, text=True, check=False)

    def load(self, archive):
        """Imports a docker-archive, as `docker save` and `buildah push` write them."""
        done = self.ctr("images", "import", archive)
        assert done.returncode == 0, done.stderr

    def _kubelet(self):
        port = free_ports(1)[0]
        config = self.folder / "kubelet.yaml"
        config.write_text(yaml.safe_dump(kubelet_config(self.folder, port)))
        kubeconfig = write_kubeconfig(self.folder / "node.kubeconfig", self.plane.url,
                                      self.plane.ca_file, self.plane.admin_token)
        self.node_kubeconfig = kubeconfig
        self._run("kubelet", self.programs / "kubelet", f"--config={config}",
                  f"--kubeconfig={kubeconfig}", f"--root-dir={self.folder}/kubelet",
                  f"--cert-dir={self.folder}/kubelet-pki", f"--node-ip={ADDRESS}",
                  "--hostname-override=node")

    def _scheduler_and_proxy(self):
        ports = free_ports(3)
        self._run("kube-scheduler", self.programs / "kube-scheduler",
                  f"--kubeconfig={self.node_kubeconfig}", "--leader-elect=false",
                  "--bind-address=127.0.0.1", f"--secure-port={ports[0]}",
                  f"--cert-dir={self.folder}/scheduler")
        self._run("kube-proxy", self.programs / "kube-proxy",
                  f"--kubeconfig={self.node_kubeconfig}", f"--cluster-cidr={PODS}",
                  "--hostname-override=node", "--conntrack-max-per-core=0", "--conntrack-min=0",
                  f"--metrics-bind-address=127.0.0.1:{ports[1]}",
                  f"--healthz-bind-address=127.0.0.1:{ports[2]}")

    def kubelet_log(self):
        return "\n".join((self.folder / "kubelet.log").read_text().splitlines()[-30:])

    # End: what starts containers first, then the containers, then the rest.

    def stop(self):
        containerd = [each for each in self.processes if each.name == "containerd"]
        for each in reversed(self.processes):
            if each not in containerd:
                each.stop()
        self._end_containers()
        for each in containerd:
            each.stop()
        self.plane.stop()
        self._unmount()
        subprocess.run(["ip", "link", "delete", BRIDGE], capture_output=True, check=False)

    def _end_containers(self):
        def running():
            return self.ctr("tasks", "list", "--quiet").stdout.split()
        for task in running():
            self.ctr("tasks", "kill", "--signal", "SIGKILL", task)
        def ended():
            for task in running():
                self.ctr("tasks", "delete", task)
            return not running()
        until("all containers have ended", ended, 20)
        for container in self.ctr("containers", "list", "--quiet").stdout.split():
            self.ctr("containers", "delete", container)

    def _unmount(self):
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in sorted(mounts, reverse=True):
            if mount.startswith(f"{self.folder}/"):
                subprocess.run(["umount", "--lazy", mount], capture_output=True, check=False)
