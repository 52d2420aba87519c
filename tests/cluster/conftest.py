"""One cluster per run, with NetBird beside it and the image loaded."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from chart import Helm
from forward import Forward
from harness.nbkeys import binary
from harness.netbird import NetBirdApi, NetBirdServer
from image import program_archive
from node import ADDRESS, Node

IMAGE = "nbkeys.test/nbkeys:1"


class Site:
    """The cluster, NetBird, and the chart's release."""

    def __init__(self, folder):
        self.folder = Path(folder)
        servers = Path(os.environ["NBKEYS_SERVERS"])
        self.node = Node(servers, os.environ["NBKEYS_NODE"], self.folder)
        self.server = NetBirdServer(servers, self.folder)
        self.forward = Forward(ADDRESS, self.server.port, self.server.port)
        self.kubectl = self.node.kubectl
        self.helm = Helm(os.environ["NBKEYS_HELM"], self.folder, self.node.plane.kubeconfig)
        self.netbird = None

    def start(self):
        self.node.start()
        self.server.start()
        self.forward.start()
        token = self.server.set_up()
        self.netbird = NetBirdApi(self.server.url, token)
        (self.folder / "NB_API_KEY").write_text(token)
        given = os.environ.get("NBKEYS_IMAGE")
        self.node.load(given or program_archive(self.folder, IMAGE, binary()))
        return self

    def values(self, **more):
        registry, _, tag = os.environ.get("NBKEYS_IMAGE_NAME", IMAGE).rpartition(":")
        path = self.folder / "values.json"
        path.write_text(json.dumps({
            "image": {"repository": registry, "tag": tag, "pullPolicy": "Never"},
            "defaultAccount": {"managementURL": f"http://{ADDRESS}:{self.forward.port}", "insecureHTTP": True},
            "resyncInterval": "5s", **more}))
        return f"--values={path}"

    def stop(self):
        self.forward.stop()
        self.server.stop()
        self.node.stop()


@pytest.fixture(scope="session")
def site():
    folder = tempfile.mkdtemp(prefix="nbkeys-node-")
    made = Site(folder)
    try:
        yield made.start()
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
