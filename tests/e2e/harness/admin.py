"""Requests to kube-apiserver as the administrator, over one connection per thread, with Python's own
HTTP client.

For what happens many times a second, looking above all: a kubectl for each costs the machine more
than the servers and all the operators together.
"""

import http.client
import json
import ssl
import threading
from urllib.parse import urlsplit

GROUP = "/apis/keys.netbird.io/v1alpha1"
CORE = "/api/v1"
# All of them lie in namespaces.
KINDS = {"setupkey": (GROUP, "setupkeys"), "secret": (CORE, "secrets"), "event": (CORE, "events"),
         "lease": ("/apis/coordination.k8s.io/v1", "leases"),
         "deployment": ("/apis/apps/v1", "deployments"), "job": ("/apis/batch/v1", "jobs")}


def path_of(kind, namespace, name=""):
    """Of all objects of one of KINDS in a namespace, or of one."""
    group, plural = KINDS[kind]
    return f"{group}/namespaces/{namespace}/{plural}" + (f"/{name}" if name else "")


def setup_keys(namespace, name=""):
    return path_of("setupkey", namespace, name)


def secrets(namespace, name=""):
    return path_of("secret", namespace, name)


class Admin:
    def __init__(self, plane):
        self.plane = plane
        self.local = threading.local()

    def connection(self):
        made = getattr(self.local, "connection", None)
        if made is None:
            tls = ssl.create_default_context(cafile=self.plane.ca_file)
            made = self.local.connection = http.client.HTTPSConnection(
                urlsplit(self.plane.url).netloc, timeout=10, context=tls)
        return made

    def call(self, method, path, body=None, accept="application/json"):
        """Returns (status, body as bytes); the status is 0 where nobody answers."""
        headers = {"Authorization": f"Bearer {self.plane.admin_token}", "Accept": accept,
                   "Content-Type": "application/merge-patch+json" if method == "PATCH"
                   else "application/json"}
        data = None if body is None else json.dumps(body)
        try:
            connection = self.connection()
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.local.connection = None
            return 0, b""

    def look(self, path):
        """A GET. Once more where nobody answered: the connection may be one to a server that has
        been restarted since."""
        kept = getattr(self.local, "connection", None) is not None
        status, body = self.call("GET", path)
        return self.call("GET", path) if status == 0 and kept else (status, body)

    def get(self, path):
        """The object, or None where it is not there or cannot be had now."""
        status, body = self.look(path)
        return json.loads(body) if status == 200 else None

    def done(self, method, path, body=None):
        return 200 <= self.call(method, path, body)[0] < 300

    def patch(self, path, body):
        return self.done("PATCH", path, body)
