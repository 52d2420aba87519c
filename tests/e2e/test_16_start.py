"""Starting wrongly is one clear line that names the cause and the remedy, and a non-zero exit."""

import socket
import subprocess

import pytest
import yaml

from harness.kubernetes import write_kubeconfig
from harness.proxy import Proxy, make_certificate


def refused(scene, *flags, token_file=None, kubeconfig=None, timeout=20):
    """Starts an operator that must end by itself. Returns its last line."""
    operator = scene.operator(*flags, token_file=token_file)
    operator.kubeconfig = kubeconfig or operator.kubeconfig
    operator.launch()
    status = operator.await_exit(timeout)
    assert status not in (0, None) and status > 0, f"{status}\n{operator.log_tail()}"
    lines = operator.log().strip().splitlines()
    assert lines, "it ended without a word"
    return lines[-1]


def test_16_wrong_flag(scene):
    assert "--no-such-flag" in refused(scene, "--no-such-flag")


def test_16_wrong_value(scene):
    assert "resync" in refused(scene, "--resync=soon")


def test_16_missing_token_file(scene):
    line = refused(scene, token_file=scene.world.folder / "no-such-token")
    assert "no-such-token" in line


def test_16_empty_token_file_is_waited_for(scene):
    """As where the Secret's entry is filled after the installation."""
    path = scene.world.write_token(f"token-{scene.namespace}", "")
    operator = scene.operator("--resync=2s", token_file=path)
    operator.launch()
    operator.await_log("it is empty")
    scene.apply("patient")
    scene.await_condition("patient", "Ready", "False", "AccountNotReady")
    scene.world.write_token(path.name, f'"Token {scene.netbird.token}"\r\n')
    scene.await_sound("patient")
    operator.await_log("without what stands around it (quotes, the word Token)")


def test_16_token_file_that_is_a_folder(scene):
    assert "it is a folder; name a file in it" in refused(scene, token_file=scene.world.folder)


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_16_ipv6_addresses(scene):
    """Both servers where only IPv6 reaches them, with TLS and without a name; watches, too."""
    world = scene.world
    certificate = make_certificate(world.folder, f"{scene.namespace}-ipv6", "::1")
    kube = Proxy("kube-ipv6", world.kube_proxy.url, certificate, world.proxy_ca, host="::1").start()
    netbird = Proxy("netbird-ipv6", world.netbird_proxy.url, certificate, host="::1").start()
    token = yaml.safe_load(world.operator_kubeconfig.read_text())["users"][0]["user"]["token"]
    operator = scene.operator("--resync=2s", f"--netbird-ca-file={certificate[0]}")
    operator.kubeconfig = write_kubeconfig(
        world.folder / f"{scene.namespace}.ipv6", kube.url, certificate[0], token)
    operator.netbird_url = netbird.url + "/api/"
    try:
        operator.start()
        scene.await_sound(scene.apply("far"))
        operator.stop()
    finally:
        for each in (kube, netbird):
            each.stop()


def test_16_bad_block_in_the_ca_file_is_told_and_the_others_count(scene):
    certificate = make_certificate(scene.world.folder, f"{scene.namespace}-tls")
    netbird = Proxy("netbird-tls", scene.world.netbird_proxy.url, certificate).start()
    ca_file = scene.world.folder / f"{scene.namespace}-bundle.crt"
    ca_file.write_text("-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n" +
                       certificate[0].read_text())
    operator = scene.operator("--resync=2s", f"--netbird-ca-file={ca_file}")
    operator.netbird_url = netbird.url
    try:
        operator.start()
        operator.await_log("block 1 (line 1) has damaged base64 and is left out")
        scene.await_sound(scene.apply("trusting"))
        operator.stop()
    finally:
        netbird.stop()


def test_16_refused_token_is_told_and_a_good_one_taken(scene):
    """The file may be replaced at any time, so going on is not pointless here."""
    path = scene.world.write_token(f"token-{scene.namespace}", "nbp_" + "y" * 36)
    operator = scene.operator("--resync=2s", token_file=path)
    operator.launch()
    operator.await_log("refuses the token")
    lines = [each for each in operator.log().splitlines() if "refuses the token" in each]
    assert len(lines) == 1 and "token file" in lines[0] and "yyyy" not in lines[0], lines
    scene.apply("patient")
    scene.await_condition("patient", "Ready", "False", "AccountNotReady")
    scene.world.write_token(path.name, scene.netbird.token)
    scene.await_sound("patient")


def test_16_missing_kubeconfig(scene):
    assert "no-such-file" in refused(scene, kubeconfig=scene.world.folder / "no-such-file")


def test_16_exec_plugin_is_refused(scene):
    config = yaml.safe_load(scene.world.operator_kubeconfig.read_text())
    config["users"][0]["user"] = {"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "cloud-login"}}
    path = scene.world.folder / f"{scene.namespace}.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    assert "exec" in refused(scene, kubeconfig=path)


@pytest.fixture
def powerless(scene):
    """A kubeconfig of an account without any rights."""
    scene.kubectl.run("create", "serviceaccount", "powerless")
    token = scene.kubectl.run("create", "token", "powerless").strip()
    scene.world.issued.token(token)
    return write_kubeconfig(scene.world.folder / f"{scene.namespace}.powerless",
                            scene.world.kube_proxy.url, scene.world.proxy_ca, token)


def test_16_missing_right_names_the_right(scene, powerless):
    operator = scene.operator()
    operator.kubeconfig = powerless
    operator.launch()
    # Both lists are refused, and whichever answer comes first ends the process.
    operator.await_log("nbkeys: ")
    line = [each for each in operator.log().splitlines() if each.startswith("nbkeys: ")][-1]
    assert "cannot list resource" in line and "grant the right" in line, line
    assert "setupkeys" in line or "secrets" in line, line
    assert not operator.running() or operator.probe("readyz").status != 200


def test_16_missing_crd_names_the_crd(scene):
    rule = scene.kube_proxy.rule(
        "GET", "/apis/keys.netbird.io/", times=None, status=404, body=b"404 page not found\n",
        headers={"Content-Type": "text/plain"})
    line = refused(scene)
    rule.await_fired(0.1)
    assert "setupkeys" in line
    assert "CRD" in line or "CustomResourceDefinition" in line or "crds/" in line, line


def test_16_help_explains(scene):
    operator = scene.operator()
    done = subprocess.run([operator.argv()[0], "run", "--help"], capture_output=True, text=True,
                          check=False, timeout=10)
    assert done.returncode == 0
    for flag in ("--kubeconfig", "--netbird-url", "--netbird-token-file", "--resync",
                 "--leader-elect", "--watch-namespace", "NBKEYS_NETBIRD_TOKEN_FILE"):
        assert flag in done.stdout, flag


def test_16_health_and_metrics_are_served(scene, operator):
    assert operator.probe("healthz").status == 200
    assert operator.probe("readyz").status == 200
    assert "netbird_keys_api_requests_total" in operator.metrics()


def test_16_operator_for_all_namespaces(scene):
    """Without --watch-namespace, which all other tests use to keep apart."""
    operator = scene.world.operator("all-namespaces", "--resync=2s")
    scene.operators.append(operator)
    operator.start()
    scene.await_sound(scene.apply("everywhere"))
