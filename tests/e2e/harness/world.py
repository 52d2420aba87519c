"""The whole world of the tests: servers, proxies, the operator's rights, and what was issued."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml

from .issued import Issued
from .kubectl import Kubectl, secret_value
from .kubernetes import ControlPlane, write_kubeconfig
from .nbkeys import ROOT, Operator
from .netbird import NetBirdApi, NetBirdServer
from .peer import Peer
from .proxy import Proxy, make_certificate
from .wait import until

CRD = ROOT / "crds" / "keys.netbird.io_setupkeys.yaml"
DEPLOY = ROOT / "deploy"
OPERATOR_NAMESPACE = "nbkeys-system"
POST_OF_KEY = r"^POST /api/setup-keys$"

# Of deploy/, all but what runs pods: no node runs here, the tests start the binary themselves.
INSTALLED_KINDS = {"Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role",
                   "RoleBinding", "CustomResourceDefinition"}


def build_servers():
    """Builds what is missing and returns the folder of the server programs."""
    script = Path(__file__).resolve().parents[1] / "servers" / "build.sh"
    done = subprocess.run([script], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{script.name} could not build the servers; its words are above")
    return Path(done.stdout.strip())


class World:
    def __init__(self, folder=None):
        self.folder = Path(folder or tempfile.mkdtemp(prefix="nbkeys-e2e-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.binaries = build_servers()
        self.issued = Issued()
        self.posts = []  # (name, id) of every key that NetBird made for the operator
        self.control_plane = ControlPlane(self.binaries, self.folder)
        self.netbird_server = NetBirdServer(self.binaries, self.folder)
        self.kubectl = None
        self.netbird = None
        self.kube_proxy = None
        self.netbird_proxy = None
        self.operators = []
        self.peers = []

    # Start and stop

    def start(self):
        self.netbird_server.start()
        self.control_plane.start()
        self.kubectl = Kubectl(self.binaries / "kubectl", self.control_plane,
                               self.folder / "kubectl-cache")
        self._set_up_netbird()
        self._start_proxies()
        self._install()
        self.control_plane.start_controllers()
        self._make_operator_kubeconfig()
        return self

    def _set_up_netbird(self):
        token = self.netbird_server.set_up()
        self.issued.token(token)
        self.issued.token(self.control_plane.admin_token)
        self.netbird = NetBirdApi(self.netbird_server.url, token, self.issued)
        self.token_file = self.write_token("netbird-token", token)

    def write_token(self, name, token):
        """Writes a token file as kubelet does: whole, and replaced by a rename."""
        path = self.folder / name
        fresh = self.folder / f".{name}.new"
        fresh.touch(mode=0o600)
        fresh.write_text(token + "\n")
        fresh.rename(path)
        return path

    def _start_proxies(self):
        certificate = make_certificate(self.folder, "kube-proxy")
        self.proxy_ca = certificate[0]
        self.kube_proxy = Proxy("kube", self.control_plane.url, certificate,
                                self.control_plane.ca_file).start()
        self.netbird_proxy = Proxy("netbird", self.netbird_server.url, observed=POST_OF_KEY,
                                   observe=self._key_made).start()

    def _key_made(self, record, request, answer):
        """Every key the operator ever gets passes here, also those whose answer is then lost."""
        if record.status == 200:
            made = json.loads(answer)
            self.issued.key(made["key"])
            self.posts.append((json.loads(request)["name"], made["id"]))

    def _install(self):
        self.kubectl.run("apply", f"--filename={CRD}")
        rendered = self.kubectl.run("kustomize", DEPLOY)
        objects = [each for each in yaml.safe_load_all(rendered)
                   if each and each["kind"] in INSTALLED_KINDS]
        self.kubectl.apply(*objects)
        self.kubectl.run("wait", "--for=condition=Established", "--timeout=30s",
                         "crd/setupkeys.keys.netbird.io")

    def _make_operator_kubeconfig(self):
        """The operator works with the rights that deploy/ gives it, and no others."""
        words = ("create", "token", "nbkeys", "--duration=24h")
        within = self.kubectl.within(OPERATOR_NAMESPACE)
        token = until("a token for service account nbkeys",
                      lambda: within.try_run(*words).stdout.strip(),
                      explain=lambda: within.try_run(*words).stderr)
        self.issued.token(token)
        self.operator_kubeconfig = write_kubeconfig(
            self.folder / "operator.kubeconfig", self.kube_proxy.url, self.proxy_ca, token,
            OPERATOR_NAMESPACE)
        self.operator_kubeconfig_direct = write_kubeconfig(
            self.folder / "operator-direct.kubeconfig", self.control_plane.url,
            self.control_plane.ca_file, token, OPERATOR_NAMESPACE)

    def stop(self):
        for each in (*self.peers, *self.operators):
            each.stop()
        for proxy in (self.kube_proxy, self.netbird_proxy):
            if proxy is not None:
                proxy.clear()
                proxy.stop()
        self.control_plane.stop()
        self.netbird_server.stop()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    # What tests make

    def operator(self, name, *flags, token_file=None):
        """An operator behind both proxies, not started yet."""
        made = Operator(f"{name}-{len(self.operators)}", self.folder, self.operator_kubeconfig,
                        self.netbird_proxy.url, token_file or self.token_file, flags)
        self.operators.append(made)
        return made

    def peer(self, name, key):
        made = Peer(self.binaries, self.folder, self.netbird_server.url, name, key)
        self.peers.append(made)
        return made

    def learn(self, secret):
        """Registers the key in a Secret object with the leak check. Returns the key."""
        value = secret_value(secret)
        self.issued.key(value)
        return value

    def posts_of(self, mark):
        """The names of all keys that were ever made with that mark."""
        return [name for name, _ in list(self.posts) if mark in name]

    def exports(self):
        """What a person, or a suite in another language, needs to use this world."""
        plane = self.control_plane
        return {
            "KUBECONFIG": plane.kubeconfig,
            "KUBECONFIG_OPERATOR": self.operator_kubeconfig_direct,
            "KUBECTL": self.binaries / "kubectl",
            "KUBE_URL": plane.url,
            "KUBE_CURL_CONFIG": plane.curl_config,
            "NETBIRD_URL": self.netbird_server.url,
            "NETBIRD_TOKEN_FILE": self.token_file,
            "NETBIRD_CLIENT": self.binaries / "netbird",
            "ETCD_URL": plane.etcd_url,
            "E2E_FOLDER": self.folder,
            "ETCD_PID": plane.etcd.pid,
            "KUBE_APISERVER_PID": plane.apiserver.pid,
            "KUBE_CONTROLLER_MANAGER_PID": plane.controllers.pid,
            "NETBIRD_PID": self.netbird_server.process.pid,
        }

    def environment(self):
        return {**os.environ, **{key: str(value) for key, value in self.exports().items()}}
