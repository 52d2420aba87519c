"""A Kubernetes control plane: etcd, kube-apiserver and kube-controller-manager on loopback."""

import base64
import secrets
import shutil
import subprocess
from pathlib import Path

import yaml

from .curl import curl
from .process import Process, free_ports

# The garbage collector and what namespaces and service accounts need; nothing runs pods here.
CONTROLLERS = ",".join((
    "garbage-collector-controller", "namespace-controller", "serviceaccount-controller",
    "serviceaccount-token-controller", "root-ca-certificate-publisher-controller"))


def write_kubeconfig(path, server, ca_file, token, namespace="default"):
    """Writes a kubeconfig with the certificate inlined and one token user."""
    ca_data = base64.b64encode(Path(ca_file).read_bytes()).decode()
    cluster = {"server": server, "certificate-authority-data": ca_data}
    context = {"cluster": "e2e", "user": "e2e", "namespace": namespace}
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "e2e",
        "clusters": [{"name": "e2e", "cluster": cluster}],
        "contexts": [{"name": "e2e", "context": context}],
        "users": [{"name": "e2e", "user": {"token": token}}],
    }
    path = Path(path)
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config))
    return path


class ControlPlane:
    """REQUIRES: start() before anything else; install what KCM shall collect before
    start_controllers(), because it looks for new kinds only every 30 seconds."""

    def __init__(self, binaries, folder):
        self.folder = Path(folder)
        self.binaries = Path(binaries)
        self.admin_token = secrets.token_hex(16)
        self.etcd_port, etcd_peer, self.port, controllers_port = free_ports(4)
        self.url = f"https://127.0.0.1:{self.port}"
        self.etcd_url = f"http://127.0.0.1:{self.etcd_port}"
        self.ca_file = self.folder / "apiserver" / "apiserver.crt"
        self.kubeconfig = self.folder / "admin.kubeconfig"
        self.curl_config = self.folder / "admin.curl"
        self.etcd = self._etcd(etcd_peer)
        self.apiserver = self._apiserver()
        self.controllers = self._controllers(controllers_port)

    def _etcd(self, peer_port):
        peer_url = f"http://127.0.0.1:{peer_port}"
        return Process("etcd", [
            self.binaries / "etcd", "--name=e2e", f"--data-dir={self.folder}/etcd",
            f"--listen-client-urls={self.etcd_url}", f"--advertise-client-urls={self.etcd_url}",
            f"--listen-peer-urls={peer_url}", f"--initial-advertise-peer-urls={peer_url}",
            f"--initial-cluster=e2e={peer_url}", "--unsafe-no-fsync", "--log-level=warn",
        ], self.folder / "etcd.log")

    def _apiserver(self):
        key = self.folder / "service-account.key"
        return Process("kube-apiserver", [
            self.binaries / "kube-apiserver", f"--etcd-servers={self.etcd_url}",
            f"--secure-port={self.port}", "--bind-address=127.0.0.1",
            f"--cert-dir={self.folder}/apiserver", "--service-cluster-ip-range=10.0.0.0/24",
            f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--authorization-mode=RBAC,Node", f"--token-auth-file={self.folder}/tokens.csv",
            "--endpoint-reconciler-type=none",
        ], self.folder / "kube-apiserver.log")

    def _controllers(self, port):
        return Process("kube-controller-manager", [
            self.binaries / "kube-controller-manager", f"--kubeconfig={self.kubeconfig}",
            f"--service-account-private-key-file={self.folder}/service-account.key",
            "--use-service-account-credentials", "--leader-elect=false",
            f"--controllers={CONTROLLERS}", "--bind-address=127.0.0.1", f"--secure-port={port}",
            f"--cert-dir={self.folder}/controllers",
        ], self.folder / "kube-controller-manager.log")

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["openssl", "genrsa", "-out", self.folder / "service-account.key", "2048"],
                       check=True, capture_output=True)
        self.start_servers()

    def start_servers(self):
        tokens = self.folder / "tokens.csv"
        tokens.touch(mode=0o600)
        tokens.write_text(f'{self.admin_token},admin,admin,"system:masters"\n')
        self.start_etcd()
        self.start_apiserver()
        write_kubeconfig(self.kubeconfig, self.url, self.ca_file, self.admin_token)
        self.curl_config.touch(mode=0o600)
        self.curl_config.write_text(f'cacert = "{self.ca_file}"\n'
                                    f'header = "Authorization: Bearer {self.admin_token}"\n')

    def start_etcd(self):
        self.etcd.start().await_ready(
            "healthy", lambda: curl("GET", f"{self.etcd_url}/health").status == 200)

    def start_apiserver(self):
        self.apiserver.start().await_ready("ready", self.ready)

    def start_controllers(self):
        self.controllers.start()

    def ready(self):
        return self.ca_file.exists() and curl(
            "GET", f"{self.url}/readyz", cacert=self.ca_file,
            headers=[f"Authorization: Bearer {self.admin_token}"]).status == 200

    def restart_apiserver(self):
        self.apiserver.stop()
        self.start_apiserver()

    def compact(self):
        """Drops etcd's whole history, so that a watch from the past answers 410."""
        found = curl("POST", f"{self.etcd_url}/v3/kv/range", {"key": "AA=="})
        revision = int(found.json()["header"]["revision"])
        done = curl("POST", f"{self.etcd_url}/v3/kv/compaction",
                    {"revision": str(revision), "physical": True})
        assert done.status == 200, f"etcd refused to compact: {done.body}"
        return revision

    def back_up(self):
        """Keeps a copy of etcd's data; nothing runs while it is made."""
        self.stop()
        shutil.copytree(self.folder / "etcd", self.folder / "etcd-backup")
        self._start_again()

    def copy(self, folder):
        """Another control plane with a copy of etcd's data, as a cluster that was cloned. Started, without
        controllers."""
        self.stop()
        made = ControlPlane(self.binaries, folder)
        made.folder.mkdir()
        shutil.copytree(self.folder / "etcd", made.folder / "etcd")
        shutil.copy(self.folder / "service-account.key", made.folder)
        self._start_again()
        made.start_servers()
        return made

    def put_back(self):
        """The cluster becomes what it was at back_up(); resource versions go back, too."""
        self.stop()
        shutil.rmtree(self.folder / "etcd")
        (self.folder / "etcd-backup").rename(self.folder / "etcd")
        self._start_again()

    def _start_again(self):
        self.start_etcd()
        self.start_apiserver()
        self.start_controllers()

    def stop(self):
        for each in (self.controllers, self.apiserver, self.etcd):
            each.stop()
