"""From `helm install` to a pod that uses a key, and through the losses that a cluster brings."""

import pytest

from harness.wait import until
from release import Release

CONSUMER = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "consumer"},
    "spec": {"restartPolicy": "Never", "containers": [{
        # The sandbox's program does nothing, which is enough to have the Secret mounted.
        "name": "consumer", "image": "nbkeys.test/pause:1", "imagePullPolicy": "Never",
        "volumeMounts": [{"name": "key", "mountPath": "/key"}]}],
        "volumes": [{"name": "key", "secret": {"secretName": "web"}}]}}


@pytest.fixture(scope="module")
def release(site):
    made = Release(site).prepare()
    try:
        made.do("install")
        yield made
    finally:
        made.clear()


def test_both_replicas_are_ready(release):
    assert release.deployment()["status"]["readyReplicas"] == 2
    assert len(release.pods()) == 2


def test_helm_test_finds_rights_and_token_sound(release):
    """With the account of the operator, which may read neither Deployments nor kinds."""
    words = ("test", "nbkeys", f"--namespace={release.namespace}", "--timeout=20s")
    release.site.helm.run(*words)
    (release.site.folder / "no-token").write_text("nbp_0000000000000000000000000000000000000")
    release.kubectl.run("delete", "secret", "netbird-token")
    release.kubectl.run("create", "secret", "generic", "netbird-token",
                        f"--from-file=NB_API_KEY={release.site.folder}/no-token")
    assert release.site.helm.try_run(*words).returncode != 0
    release.prepare()
    release.site.helm.run(*words)


def test_a_consumer_mounts_the_key(release):
    release.declare("web")
    default = release.site.kubectl.within("default")
    default.create(CONSUMER)
    default.run("wait", "--for=condition=Ready", "--timeout=60s", "pod/consumer")
    default.run("delete", "pod", "consumer", "--now")


def test_another_pod_takes_over_when_the_leaders_is_deleted(release):
    before = until("there is a leader", release.leader)
    name = next(each["metadata"]["name"] for each in release.pods()
                if before.startswith(each["metadata"]["name"]))
    release.kubectl.run("delete", "pod", name)
    until("there is another leader", lambda: release.leader() not in ("", before), 60)
    release.declare("after")


def test_a_new_token_is_used_without_a_restart(release):
    """As when a token is replaced because it is about to expire."""
    netbird = release.site.netbird
    old = [each["id"] for each in netbird.tokens()]
    until("two pods", lambda: release.deployment()["status"].get("readyReplicas") == 2, 60)
    pods = {each["metadata"]["uid"] for each in release.pods()}
    _, token = netbird.create_token("next")
    (release.site.folder / "NB_API_KEY").write_text(token)
    release.prepare()
    netbird.token = token
    for each in old:
        netbird.delete_token(each)
    release.declare("by-the-new-token", timeout=120)
    found = release.pods()
    assert {each["metadata"]["uid"] for each in found} == pods
    assert all(status["restartCount"] == 0 for each in found
               for status in each["status"]["containerStatuses"])
