"""The chart and Helm, as the tests use them."""

import copy
import json
import os
import subprocess
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CHART = ROOT / "helm" / "nbkeys"
VALUES = sorted((HERE / "values").glob("*.yaml"))
NAMESPACE = "nbkeys-system"
MONITORING = [f"monitoring.coreos.com/v1/{kind}"
              for kind in ("ServiceMonitor", "PodMonitor", "PrometheusRule")]


class HelmError(Exception):
    pass


class StrictLoader(yaml.SafeLoader):
    """A key that is there twice hides one of its values, so it is an error here."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.YAMLError(f"{twice} more than once{node.start_mark}")
        return super().construct_mapping(node, deep)


def objects_of(text):
    return [each for each in yaml.load_all(text, StrictLoader) if each]


class Helm:
    def __init__(self, binary, folder, kubeconfig=None):
        self.binary = binary
        self.folder = Path(folder)
        self.kubeconfig = kubeconfig

    def env(self):
        # Nothing of the person's own configuration, and no cluster where a test has none.
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig or self.folder / "none"),
                "HELM_CACHE_HOME": str(self.folder / "cache"),
                "HELM_CONFIG_HOME": str(self.folder / "config"),
                "HELM_DATA_HOME": str(self.folder / "data")}

    def try_run(self, *words, timeout=180):
        return subprocess.run([str(self.binary), *map(str, words)], env=self.env(),
                              timeout=timeout, capture_output=True, text=True, check=False)

    def run(self, *words, timeout=180):
        done = self.try_run(*words, timeout=timeout)
        if done.returncode != 0:
            raise HelmError(done.stderr.strip())
        return done.stdout

    def values_file(self, values):
        """values: a path, or what is written into a file."""
        if isinstance(values, Path):
            return values
        path = self.folder / f"values-{len(list(self.folder.glob('values-*')))}.yaml"
        path.write_text(json.dumps(values))
        return path

    def template(self, values=None, release="nbkeys", words=(), apis=MONITORING, chart=CHART):
        """The objects that the chart renders; also hooks and tests."""
        argv = ["template", release, chart, f"--namespace={NAMESPACE}", *words]
        argv += [f"--api-versions={api}" for api in apis]
        if values is not None:
            argv.append(f"--values={self.values_file(values)}")
        return objects_of(self.run(*argv))


def find(objects, kind, name=None):
    """The one object of that kind (and name)."""
    found = [each for each in objects
             if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} objects {kind} {name or ''}"
    return found[0]


def kinds(objects):
    return {each["kind"] for each in objects}


def is_hook(thing):
    return "helm.sh/hook" in thing["metadata"].get("annotations", {})


def hooks(objects, which):
    return [each for each in objects
            if each["metadata"].get("annotations", {}).get("helm.sh/hook") == which]


def released(objects):
    return [each for each in objects if not is_hook(each)]


def pod_specs(objects):
    """(name, pod spec) of everything that makes pods."""
    for each in objects:
        name = f"{each['kind']}/{each['metadata']['name']}"
        if each["kind"] == "Pod":
            yield name, each["spec"]
        elif "template" in each.get("spec", {}):
            yield name, each["spec"]["template"]["spec"]


def operator(objects):
    """The operator's container."""
    return find(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]


def rules(role):
    """The rights of a role as (group, resource, verb, names), one each."""
    return {(group, resource, verb, tuple(rule.get("resourceNames", ())))
            for rule in role["rules"] for group in rule["apiGroups"]
            for resource in rule["resources"] for verb in rule["verbs"]}


def cluster_wide(objects):
    return [f"{each['kind']}/{each['metadata']['name']}" for each in objects
            if each["kind"].startswith("Cluster") or "namespace" not in each["metadata"]]


def without(thing, *keys):
    """A copy of a tree without those keys, at any depth."""
    if isinstance(thing, list):
        return [without(each, *keys) for each in thing]
    if isinstance(thing, dict):
        return {key: without(value, *keys) for key, value in thing.items() if key not in keys}
    return copy.copy(thing)
