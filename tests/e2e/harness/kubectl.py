"""kubectl, as the tests' way to change the cluster; and looks into it, by plain GETs where the kind is
one that tests look at again and again."""

import base64
import json
import os
import subprocess

import yaml

from .admin import KINDS, Admin, path_of

SECRET_MASK = "(masked)"


class KubectlError(AssertionError):
    pass


def masked(thing):
    """Returns a copy of a Kubernetes object (or list) that is fit for a failure message."""
    if isinstance(thing, list):
        return [masked(each) for each in thing]
    if not isinstance(thing, dict):
        return thing
    copy = {key: masked(value) for key, value in thing.items() if key != "managedFields"}
    if copy.get("kind") == "Secret":
        for field in ("data", "stringData"):
            if isinstance(copy.get(field), dict):
                copy[field] = {key: SECRET_MASK for key in copy[field]}
    return copy


def without_managed_fields(item):
    """As kubectl shows it. Changes the object."""
    if item is not None:
        item["metadata"].pop("managedFields", None)
    return item


class Kubectl:
    """The administrator of a control plane, and one namespace or (None) that of each object."""

    def __init__(self, binary, plane, cache, namespace=None, admin=None):
        self.binary = binary
        self.plane = plane
        self.kubeconfig = plane.kubeconfig  # of the program; a test may give it another
        self.cache = cache
        self.namespace = namespace
        self.admin = admin or Admin(plane)

    def within(self, namespace):
        return Kubectl(self.binary, self.plane, self.cache, namespace, self.admin)

    def argv(self, *words):
        namespace = [] if self.namespace is None else [f"--namespace={self.namespace}"]
        return [str(self.binary), *namespace, *map(str, words)]

    def env(self):
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "KUBECACHEDIR": str(self.cache)}

    def try_run(self, *words, stdin=None, timeout=60.0):
        """Runs kubectl and returns the finished process, whatever its exit status."""
        return subprocess.run(
            self.argv(*words), input=stdin, env=self.env(), timeout=timeout,
            capture_output=True, text=True, check=False)

    def run(self, *words, stdin=None, timeout=60.0):
        """Runs kubectl and returns its output; an error of kubectl is a test failure."""
        done = self.try_run(*words, stdin=stdin, timeout=timeout)
        if done.returncode != 0:
            raise KubectlError(f"kubectl {' '.join(map(str, words))}: {done.stderr.strip()}")
        return done.stdout

    def path(self, kind, name=""):
        """Where the API has objects of that kind (or the one), or None for kinds not looked at."""
        kind = kind.removesuffix("s")
        return path_of(kind, self.namespace or "default", name) if kind in KINDS else None

    def look(self, path):
        """What is there, as the API shows it, or None where there is nothing."""
        status, body = self.admin.look(path)
        if status == 404:
            return None
        if status != 200:
            raise KubectlError(f"GET {path}: {status} {body.decode(errors='replace')}")
        return json.loads(body)

    def get(self, kind, name):
        """Returns the object, or None where there is none."""
        if path := self.path(kind, name):
            return without_managed_fields(self.look(path))
        text = self.run("get", kind, name, "--ignore-not-found", "--output=json")
        return json.loads(text) if text.strip() else None

    def list(self, kind, *words):
        path = self.path(kind)
        if words or not path:
            return json.loads(self.run("get", kind, "--output=json", *words))["items"]
        found = self.look(path)
        if found is None:
            raise KubectlError(f"there is no kind {kind}")
        what = {"apiVersion": found["apiVersion"], "kind": found["kind"].removesuffix("List")}
        return [{**what, **without_managed_fields(each)} for each in found["items"]]

    def apply(self, *objects):
        return self.run("apply", "--filename=-", stdin=yaml.safe_dump_all(objects))

    def create(self, *objects, timeout=300.0):
        return self.run("create", "--filename=-", stdin=yaml.safe_dump_all(objects),
                        timeout=timeout)

    def try_apply(self, text, *words):
        return self.try_run("apply", "--filename=-", *words, stdin=text)

    def patch(self, kind, name, patch, *words):
        return self.run("patch", kind, name, "--type=merge", f"--patch={json.dumps(patch)}",
                        *words)

    def annotate(self, kind, name, **annotations):
        """Sets annotations below keys.netbird.io; None removes one."""
        patch = {f"keys.netbird.io/{key}": value for key, value in annotations.items()}
        return self.patch(kind, name, {"metadata": {"annotations": patch}})

    def delete(self, kind, name, wait=False):
        return self.run("delete", kind, name, f"--wait={str(wait).lower()}",
                        "--ignore-not-found")

    def dump(self, kind, name):
        """The object as yaml for a failure message; Secret data is masked."""
        try:
            found = self.get(kind, name)
        except (KubectlError, subprocess.TimeoutExpired) as error:
            return f"({kind}/{name}: {error})"
        return yaml.safe_dump(masked(found)) if found else f"({kind}/{name} does not exist)"


def secret_value(secret, key="setup-key"):
    """The plain value out of a Secret object, or None."""
    value = ((secret or {}).get("data") or {}).get(key)
    return None if value is None else base64.b64decode(value).decode()
