"""The files that users copy: generated ones are current, examples have no misspelt field."""

import subprocess

import pytest
import yaml

from judge import ARGOCD, DISCOVERY, HEALTH, OBJECTS, ROOT, ROTATE, judge, try_judge

PATCH = ARGOCD / "argocd-cm.yaml"
FLUX = sorted((ROOT / "deploy" / "flux").glob("*.yaml"))
PREFIX = "resource.customizations"


def test_argocd_cm_is_current():
    done = subprocess.run([ARGOCD / "render.py", "--check"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr


def test_argocd_cm_holds_the_very_scripts():
    data = yaml.safe_load(PATCH.read_text(encoding="utf-8"))["data"]
    assert data[f"{PREFIX}.health.keys.netbird.io_SetupKey"] == HEALTH.read_text(encoding="utf-8")
    actions = yaml.safe_load(data[f"{PREFIX}.actions.keys.netbird.io_SetupKey"])
    assert actions["discovery.lua"] == DISCOVERY.read_text(encoding="utf-8")
    assert actions["definitions"] == [
        {"name": "rotate", "action.lua": ROTATE.read_text(encoding="utf-8")}]


# What Argo CD's machine does not have. A script that used one would work nowhere but in a test.
@pytest.mark.parametrize("word", ('string.format("x")', "math.floor(1)", "os.time()",
                                  'require("os").getenv("HOME")', 'io.open("x")'))
def test_the_judge_lends_no_library_that_argo_cd_does_not(tmp_path, word):
    script = tmp_path / "health.lua"
    script.write_text(f'local x = {word}\nreturn {{ status = "Healthy" }}\n', encoding="utf-8")
    done = try_judge("health", script, OBJECTS / "issued.yaml")
    assert done.returncode == 1 and "attempt to" in done.stderr


def test_the_judge_gives_a_script_one_second(tmp_path):
    script = tmp_path / "health.lua"
    script.write_text("while true do end\n", encoding="utf-8")
    done = try_judge("health", script, OBJECTS / "issued.yaml")
    assert done.returncode == 1 and "deadline" in done.stderr


@pytest.mark.parametrize("path", FLUX, ids=lambda path: path.name)
def test_flux_examples_have_no_misspelt_field(path):
    kinds = {line["kind"].split()[-1] for line in judge("strict", path)}
    assert kinds & {"Kustomization", "HelmRelease"}


def test_a_misspelt_field_is_found(tmp_path):
    path = tmp_path / "misspelt.yaml"
    path.write_text(FLUX[-1].read_text(encoding="utf-8").replace("wait: true", "waits: true"),
                    encoding="utf-8")
    done = try_judge("strict", path)
    assert done.returncode == 1 and "waits" in done.stderr


def documents(name):
    text = (ROOT / "deploy" / "flux" / name).read_text(encoding="utf-8")
    return {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(text)}


def test_flux_waits_and_names_what_exists():
    found = documents("kustomizations.yaml")
    for (kind, name), each in found.items():
        if kind == "Kustomization":
            spec = each["spec"]
            assert spec["wait"] is True and spec["timeout"]
            # With the kind all SetupKeys would go.
            assert spec["prune"] is (name != "nbkeys-crds")
            assert (spec["sourceRef"]["kind"], spec["sourceRef"]["name"]) in found
            for other in spec.get("dependsOn", []):
                assert ("Kustomization", other["name"]) in found
    crds = found["Kustomization", "nbkeys-crds"]["spec"]
    assert (ROOT / crds["path"] / "keys.netbird.io_setupkeys.yaml").exists()
    operator = found["Kustomization", "nbkeys"]["spec"]
    assert (ROOT / operator["path"] / "kustomization.yaml").exists()
    deployment = (ROOT / operator["path"] / "deployment.yaml").read_text(encoding="utf-8")
    assert f"image: {operator['images'][0]['name']}:" in deployment


def test_flux_gives_the_chart_only_values_that_it_has():
    release = documents("helm-release.yaml")["HelmRelease", "nbkeys"]["spec"]
    chart = ROOT / release["chart"]["spec"]["chart"]
    known = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))

    def unknown(given, known):
        return [key for key, value in given.items() if key not in known
                or isinstance(value, dict) and known[key] and unknown(value, known[key])]
    assert unknown(release["values"], known) == []


def defaults(schema, path=()):
    """The places of all defaults of a schema."""
    found = [path] if "default" in schema else []
    for name, each in schema.get("properties", {}).items():
        found += defaults(each, (*path, name))
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            found += defaults(schema[word], (*path, word))
    return found


def test_the_crd_has_no_default_inside_a_list_or_map():
    """Argo CD compares a list as a whole, so a default in an item would be a drift for ever."""
    crd = yaml.safe_load((ROOT / "crds" / "keys.netbird.io_setupkeys.yaml").read_text("utf-8"))
    found = [path for version in crd["spec"]["versions"]
             for path in defaults(version["schema"]["openAPIV3Schema"])]
    assert len(found) > 8
    assert not [path for path in found if "items" in path or "additionalProperties" in path]
