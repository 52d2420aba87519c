"""Helm for all tests; for those that need one, a real kube-apiserver."""

import os
import tempfile
from pathlib import Path

import pytest

from chart import Helm
from cluster import Cluster


@pytest.fixture(scope="session")
def helm_binary():
    return Path(os.environ["NBKEYS_HELM"])


@pytest.fixture(scope="session")
def helm(helm_binary, tmp_path_factory):
    """Helm without a cluster."""
    return Helm(helm_binary, tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def cluster(helm_binary, request):
    """A control plane without nodes, with stand-ins for the Prometheus Operator's kinds."""
    with tempfile.TemporaryDirectory(prefix="nbkeys-chart-") as folder:
        made = Cluster(Path(os.environ["NBKEYS_SERVERS"]), helm_binary, Path(folder))
        try:
            yield made.start()
        finally:
            made.stop()
