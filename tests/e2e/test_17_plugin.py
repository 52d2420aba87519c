"""17. The verbs that people call, `kubectl nbkeys`, on the real servers."""

import json
import os
import re
import subprocess
import time

import pytest
import yaml

from harness.curl import curl
from harness.kubernetes import write_kubeconfig
from harness.nbkeys import ROOT, binary
from harness.plugin import verb
from harness.scene import setup_key

FIXTURES = sorted((ROOT / "tests" / "fixtures" / "cel").glob("*.yaml"))


def listed(scene, *words, **options):
    found = verb(scene, "list", "-o", "json", *words, netbird=True, **options)
    assert found.code == 0, found.err
    return found.json()


def entry(found, name):
    return next(each for each in found["setupKeys"] if each["name"] == name)


def remarks(found, name):
    return [each["kind"] for each in entry(found, name)["remarks"]]


# status

def test_17_status_fits_on_a_screen_and_never_shows_the_key(scene, operator):
    scene.ready("web", usageLimit=20)
    key = scene.secret_key("web")
    shown = verb(scene, "status", "web")
    assert shown.code == 0, shown.err
    for word in ("yes, Issued", "Lifetime", "0 of 20 used", "carries revision 1",
                 "Next rotation", "Nothing: all is well."):
        assert word in shown.out, shown.out
    assert len(shown.out.splitlines()) <= 40 and "\033" not in shown.out
    assert "\033[32m" in verb(scene, "status", "web", "--color", "always").out
    for form in ("table", "json", "yaml"):
        told = verb(scene, "status", "web", "-o", form)
        assert key not in told.out + told.err
    assert verb(scene, "status", "web", "-o", "json").json()["key"]["revision"] == 1


def test_17_status_shows_the_key_only_when_asked_and_with_the_callers_rights(scene, operator):
    scene.ready("web")
    key = scene.secret_key("web")
    assert key in verb(scene, "status", "web", "--show-key").out
    assert verb(scene, "status", "web", "--show-key", "-o", "json").json()["plaintext"] == key
    refused = verb(scene, "status", "web", "--show-key", kubeconfig=reader(scene))
    assert refused.code == 3 and "secrets" in refused.line and refused.out == ""


def test_17_status_tells_what_to_do(scene, operator):
    scene.apply("web", autoGroups=[{"name": f"none-{scene.namespace}"}])
    scene.await_condition("web", "Ready", "False", "GroupNotFound")
    shown = verb(scene, "status", "web")
    assert shown.code == 1 and "Create the group at NetBird" in shown.out
    missing = verb(scene, "status", "nobody")
    assert missing.code == 1 and "not found" in missing.line


# list

def test_17_list_joins_with_netbirds_own_list(scene):
    operator = scene.operator("--resync=2s").start()
    status = scene.ready("web")["status"]
    scene.ready("db")
    operator.stop()
    scene.netbird.revoke_key(status["keyID"])
    hand_made = scene.netbird.create_key(f"by hand {scene.namespace}")
    found = listed(scene, "-A", namespace=False)
    assert remarks({"setupKeys": [each for each in found["setupKeys"]
                                  if each["namespace"] == scene.namespace]},
                   "web") == ["revoked-externally"]
    assert hand_made["id"] in [each["id"] for each in found["netbird"]["handMadeKeys"]]
    assert all("key" not in each for each in found["netbird"]["handMadeKeys"])
    in_one = listed(scene)
    assert remarks(in_one, "db") == [] and "handMadeKeys" not in in_one["netbird"]
    scene.netbird.delete_key(hand_made["id"])


def test_17_list_without_netbird_says_in_one_line_what_is_missing(scene, operator):
    scene.ready("web")
    found = verb(scene, "list")
    assert found.code == 0 and "web" in found.out
    assert "shown from Kubernetes alone" in found.line and "--netbird-token-file" in found.line


def test_17_list_finds_netbird_through_the_operators_deployment(scene, operator):
    scene.ready("web")
    deploy_here(scene)
    found = verb(scene, "list", "-o", "json", f"--operator-namespace={scene.namespace}")
    assert found.code == 0, found.err
    assert found.json()["netbird"]["available"], found.out
    without_right = verb(scene, "list", f"--operator-namespace={scene.namespace}",
                         kubeconfig=reader(scene))
    assert without_right.code == 0 and "web" in without_right.out
    assert "deployments" in without_right.line


def test_17_list_reads_every_page(scene):
    scene.kubectl.create(*[setup_key(f"many-{number:03d}") for number in range(501)])
    assert len(verb(scene, "list", "-o", "name").out.split()) == 501


# rotate and revoke

def test_17_rotate_waits_for_the_new_key(scene, operator):
    scene.ready("web", rotation={"overlap": "0"})
    before = scene.secret_key("web")
    done = verb(scene, "rotate", "web", "--wait", "--timeout", "30s")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == f"{scene.namespace}/web: asked for a new key"
    assert "done: key " in lines[-1] and "(revision 2)" in lines[-1]
    # No further waiting: what was told is true already.
    assert scene.secret_key("web") != before
    scene.await_sound("web")


def test_17_rotate_many(scene, operator):
    scene.kubectl.apply({**setup_key("one"), "metadata": {"name": "one", "labels": {"a": "b"}}})
    scene.ready("two")
    scene.await_ready("one")
    chosen = verb(scene, "rotate", "-l", "a=b", "--wait", "-o", "json")
    assert chosen.code == 0, chosen.err
    assert [(each["name"], each["done"], each["revision"]) for each in chosen.json()] == [
        ("one", True, 2)]
    every = verb(scene, "rotate", "--all", "--wait", "-o", "json").json()
    assert [(each["name"], each["revision"]) for each in every] == [("one", 3), ("two", 2)]


def test_17_rotate_gives_up_in_time(scene):
    scene.apply("web")
    begun = time.monotonic()
    late = verb(scene, "rotate", "web", "--wait", "--timeout", "2s")
    assert late.code == 4 and "no new key yet" in late.line
    assert 1.5 < time.monotonic() - begun < 15


def test_17_rotate_says_why_not(scene):
    scene.apply("web", suspend=True)
    refused = verb(scene, "rotate", "web")
    assert refused.code == 1 and "spec.suspend is true" in refused.line
    assert verb(scene, "rotate", "nobody").code == 1


def test_17_revoke_asks_first(scene, operator):
    key_id = scene.ready("web")["status"]["keyID"]
    refused = verb(scene, "revoke", "web")
    assert refused.code == 2 and "--yes" in refused.line
    assert not scene.get("web")["spec"].get("revoked")
    done = verb(scene, "revoke", "web", "--yes")
    assert done.code == 0, done.err
    scene.await_("NetBird has it revoked", lambda: scene.netbird.key(key_id)["revoked"], "web")


# strays

def stray_of(scene, name, revision):
    """A key at NetBird as a crash would leave it."""
    return scene.netbird.create_key(scene.key_name(name, revision))


def aged(scene, key_id):
    """NetBird's list as it will look once that key is old enough."""
    keys = scene.netbird.keys()
    for key in keys:
        if key["id"] == key_id:
            key["updated_at"] = "2020-01-01T00:00:00Z"
    return scene.netbird_proxy.rule("GET", r"^/api/setup-keys$", times=None, status=200,
                                    body=json.dumps(keys).encode())


@pytest.fixture
def left_over(scene):
    """A Ready SetupKey with a key of revision 1 left over, and no operator to sweep it."""
    operator = scene.operator("--resync=2s").start()
    scene.ready("web", rotation={"overlap": "0"})
    assert verb(scene, "rotate", "web", "--wait").code == 0
    scene.await_sound("web")
    operator.stop()
    return stray_of(scene, "web", 1)["id"]


def strays(scene, *words):
    found = verb(scene, "strays", "-o", "json", *words, netbird=True, namespace=False,
                 url=scene.netbird_proxy.url)
    return found, {each["id"]: each for each in found.json()["strays"]}


def test_17_strays_stay_while_an_issue_may_be_under_way(scene, left_over):
    found, known = strays(scene, "--delete", "--yes")
    assert found.code == 1
    assert known[left_over]["kind"] == "left-over" and not known[left_over]["deletable"]
    assert "younger than 5m" in known[left_over]["why"]
    assert scene.netbird.key(left_over)


def test_17_strays_are_deleted_on_demand(scene, left_over):
    aged(scene, left_over)
    asked = verb(scene, "strays", "--delete", netbird=True, namespace=False,
                 url=scene.netbird_proxy.url)
    assert asked.code == 2 and "--yes" in asked.err and scene.netbird.key(left_over)
    _, known = strays(scene, "--delete", "--yes")
    assert known[left_over]["deleted"]
    assert scene.netbird.key(left_over) is None
    assert scene.valid_keys("web"), "the key in use stays"


def test_17_orphans_may_be_another_clusters(scene):
    orphan = scene.netbird.create_key("other [k8s-00112233445566aa-r3]")["id"]
    aged(scene, orphan)
    found, known = strays(scene, "--delete", "--yes")
    assert found.code == 1 and known[orphan]["kind"] == "orphan"
    assert "--orphans" in found.err and scene.netbird.key(orphan)
    _, known = strays(scene, "--delete", "--orphans", "--yes")
    assert known[orphan]["deleted"] and scene.netbird.key(orphan) is None


# check

def reader(scene):
    """A kubeconfig of an account that may only look at SetupKeys."""
    return account(scene, "reader", "get,list,watch")


def account(scene, name, verbs):
    scene.kubectl.run("create", "serviceaccount", name)
    if verbs:
        scene.kubectl.run("create", "role", name, f"--verb={verbs}",
                          "--resource=setupkeys.keys.netbird.io")
        scene.kubectl.run("create", "rolebinding", name, f"--role={name}",
                          f"--serviceaccount={scene.namespace}:{name}")
    token = scene.kubectl.run("create", "token", name).strip()
    scene.world.issued.token(token)
    plane = scene.world.control_plane
    return write_kubeconfig(scene.world.folder / f"{scene.namespace}.{name}", plane.url,
                            plane.ca_file, token)


def deploy_here(scene):
    """The Deployment of deploy/ and its token Secret, in the scene's namespace; no pod runs."""
    scene.kubectl.run("create", "secret", "generic", "netbird-token",
                      f"--from-file=NB_API_KEY={scene.world.token_file}")
    objects = yaml.safe_load_all((ROOT / "deploy" / "deployment.yaml").read_text())
    deployment = next(each for each in objects if each["kind"] == "Deployment")
    deployment["metadata"]["namespace"] = scene.namespace
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["args"] = [f"--netbird-url={scene.netbird.url}"
                         if each.startswith("--netbird-url") else each
                         for each in container["args"]]
    scene.kubectl.apply(deployment)


def checks(scene, *words, **options):
    found = verb(scene, "check", "-o", "json", *words, **options)
    return found, {each["name"]: each for each in found.json()["checks"]}


def test_17_check_finds_all_well(scene):
    found, named = checks(scene, netbird=True)
    assert found.code == 0, found.out
    for name in ("Kubernetes", "CRD", "clock of Kubernetes", "NetBird token",
                 "clock of NetBird", "NetBird setup keys"):
        assert named[name]["result"] == "ok", named[name]
    assert "as in this nbkeys" in named["CRD"]["message"]


def test_17_check_tells_what_is_missing(scene):
    found, named = checks(scene, netbird=True, kubeconfig=account(scene, "nobody", ""))
    assert found.code == 1
    rights = named[f"your rights in {scene.namespace}"]
    assert rights["result"] == "failed" and "list setupkeys" in rights["message"]
    assert named["CRD"]["result"] == "warning"
    bad = scene.world.write_token(f"bad-{scene.namespace}", "nbp_" + "y" * 36)
    found, named = checks(scene, netbird=True, token_file=bad)
    assert found.code == 1 and named["NetBird"]["result"] == "failed"
    assert "replace the token" in named["NetBird"]["remedy"] and "yyyy" not in found.out


def test_17_check_looks_at_the_operator(scene):
    deploy_here(scene)
    found, named = checks(scene, f"--operator-namespace={scene.namespace}")
    assert found.code == 1
    assert "0 of 2 replicas ready" in named["operator"]["message"]
    assert named["the operator's rights"]["result"] == "failed"
    assert named["NetBird token"]["result"] == "ok"


def test_17_check_notices_another_crd(scene):
    plane = scene.world.control_plane
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/setupkeys.keys.netbird.io"
    crd = curl("GET", plane.url + path, headers=[f"Authorization: Bearer {plane.admin_token}"],
               cacert=plane.ca_file).json()
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"].pop("suspend")
    scene.kube_proxy.rule("GET", r"/customresourcedefinitions/", times=None, status=200,
                          body=json.dumps(crd).encode())
    through_proxy = write_kubeconfig(scene.world.folder / f"{scene.namespace}.proxied",
                                     scene.world.kube_proxy.url, scene.world.proxy_ca,
                                     plane.admin_token)
    found, named = checks(scene, netbird=True, kubeconfig=through_proxy)
    assert found.code == 1 and "properties.spec.properties.suspend" in named["CRD"]["message"]


# render

def render(*words, stdin=""):
    return subprocess.run([str(binary()), "render", *map(str, words)], capture_output=True,
                          text=True, input=stdin, check=False, timeout=20)


def test_17_render_agrees_with_the_server_on_every_fixture():
    for path in FIXTURES:
        first = path.read_text().splitlines()[0]
        done = render(path)
        if first == "# accept":
            assert done.returncode == 0 and done.stderr == "", f"{path.name}: {done.stderr}"
        else:
            assert done.returncode == 1, f"{path.name} was taken"
            assert first.partition(": ")[2] in done.stderr, f"{path.name}: {done.stderr}"


def test_17_render_shows_what_the_server_would_store(scene):
    text = yaml.safe_dump(setup_key("web", expiresIn="48h", autoGroups=[{"id": "g"}]))
    done = render("-", stdin=text)
    assert done.returncode == 0, done.stderr
    stored = json.loads(scene.kubectl.run("apply", "--dry-run=server", "--filename=-",
                                          "--output=json", stdin=text))
    assert yaml.safe_load(done.stdout)["spec"] == stored["spec"]
    assert scene.kubectl.try_apply(done.stdout, "--dry-run=server").returncode == 0


# Called wrongly, and servers that are not there

@pytest.mark.parametrize("words", [
    ["status"], ["status", "A_b"], ["list", "--nope"], ["list", "-o", "xml"], ["rotate"],
    ["rotate", "a", "--all"], ["revoke"], ["strays", "--orphans"], ["check", "--color=red"],
    ["audit", "--fail-below=E"], ["render"], ["render", "/no/such/file"], ["completion", "csh"],
    ["lisst"]], ids=" ".join)
def test_17_bad_input_is_one_line_and_code_2(words):
    done = subprocess.run([str(binary()), *words], capture_output=True, text=True, check=False,
                          timeout=20)
    assert done.returncode == 2 and done.stdout == "", done
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("nbkeys: "), done.stderr


@pytest.mark.parametrize("words", [
    ["status", "web"], ["list"], ["rotate", "web"], ["rotate", "--all", "--wait"],
    ["revoke", "web", "--yes"], ["strays"], ["audit"]], ids=" ".join)
def test_17_no_server_is_one_line_and_code_3(scene, words):
    config = yaml.safe_load(scene.world.control_plane.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    path = scene.world.folder / f"{scene.namespace}.dead"
    path.write_text(yaml.safe_dump(config))
    done = verb(scene, *words, kubeconfig=path, namespace=words[0] != "strays")
    assert done.code == 3 and done.out == "" and "127.0.0.1:1" in done.line, done


def test_17_exec_plugins_are_refused_with_a_remedy(scene):
    config = yaml.safe_load(scene.world.control_plane.kubeconfig.read_text())
    config["users"][0]["user"] = {"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "cloud-login"}}
    path = scene.world.folder / f"{scene.namespace}.exec"
    path.write_text(yaml.safe_dump(config))
    done = verb(scene, "list", kubeconfig=path)
    assert done.code == 3 and "exec plugin" in done.line and "kubectl create token" in done.line


def test_17_a_missing_right_is_named(scene):
    scene.apply("web")
    done = verb(scene, "list", kubeconfig=account(scene, "nobody", ""))
    assert done.code == 3 and "cannot list resource" in done.line
    done = verb(scene, "rotate", "web", kubeconfig=reader(scene))
    assert done.code == 3 and "cannot patch resource" in done.line


def test_17_kubectl_finds_it(scene, tmp_path):
    scene.apply("web")
    (tmp_path / "kubectl-nbkeys").symlink_to(binary())
    env = {**scene.kubectl.env(), "PATH": f"{tmp_path}:{os.environ['PATH']}",
           "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        [str(scene.world.binaries / "kubectl"), "nbkeys", "list", "-o", "name", "-n",
         scene.namespace], env=env, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (0, "web\n"), done


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_17_completion_is_a_script_of_that_shell(shell):
    done = subprocess.run([str(binary()), "completion", shell], capture_output=True, text=True,
                          check=True, timeout=20)
    assert "rotate" in done.stdout
    try:
        parsed = subprocess.run([shell, "-n"], input=done.stdout, capture_output=True, text=True,
                                check=False, timeout=20)
    except FileNotFoundError:
        pytest.skip(f"{shell} is not installed")
    assert parsed.returncode == 0, parsed.stderr


def test_17_krew_template_fills_in_to_a_manifest():
    text = (ROOT / "deploy" / "krew" / "nbkeys.yaml").read_text()
    # As krew-release-bot does it.
    text = re.sub(r'\{\{addURIAndSha "(.+)" \.TagName \}\}', r"uri: \1\n    sha256: " + "ab" * 32,
                  text)
    plugin = yaml.safe_load(text.replace("{{ .TagName }}", "v1.2.3"))
    assert plugin["metadata"]["name"] == "nbkeys" and plugin["spec"]["version"] == "v1.2.3"
    assert len(plugin["spec"]["shortDescription"]) <= 50
    for each in plugin["spec"]["platforms"]:
        assert each["uri"].endswith("/v1.2.3/kubectl-nbkeys_linux_amd64.tar.gz")
        assert each["bin"] == "nbkeys" and len(each["sha256"]) == 64


def test_17_completion_offers_verbs_and_flags():
    script = subprocess.run([str(binary()), "completion", "bash"], capture_output=True, text=True,
                            check=True, timeout=20).stdout
    ask = script + ('\nCOMP_WORDS=(nbkeys rot); COMP_CWORD=1; _nbkeys; echo "${COMPREPLY[@]}"\n'
                    'COMP_WORDS=(nbkeys rotate --wa); COMP_CWORD=2; _nbkeys; '
                    'echo "${COMPREPLY[@]}"\n')
    done = subprocess.run(["bash"], input=ask, capture_output=True, text=True, check=True,
                          timeout=20)
    assert done.stdout.split() == ["rotate", "--wait"]
