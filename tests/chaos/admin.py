"""Requests to kube-apiserver as the administrator, over one connection per thread.

For the people of the suite, who change many things a second: a kubectl for each would cost the
machine more than all the operators together. What is judged, is looked at with kubectl.
"""

import http.client
import json
import ssl
import threading

GROUP = "/apis/keys.netbird.io/v1alpha1"


def setup_keys(namespace, name=""):
    return f"{GROUP}/namespaces/{namespace}/setupkeys" + (f"/{name}" if name else "")


def secrets(namespace, name=""):
    return f"/api/v1/namespaces/{namespace}/secrets" + (f"/{name}" if name else "")


class Admin:
    def __init__(self, plane):
        self.port = plane.port
        self.token = plane.admin_token
        self.tls = ssl.create_default_context(cafile=plane.ca_file)
        self.local = threading.local()

    def call(self, method, path, body=None, accept="application/json"):
        """Returns (status, body as bytes); the status is 0 where nobody answers."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": accept,
                   "Content-Type": "application/merge-patch+json" if method == "PATCH"
                   else "application/json"}
        data = None if body is None else json.dumps(body)
        try:
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10,
                                                         context=self.tls)
                self.local.connection = connection
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.local.connection = None
            return 0, b""

    def get(self, path):
        """The object, or None where it is not there or cannot be had now."""
        status, body = self.call("GET", path)
        return json.loads(body) if status == 200 else None

    def done(self, method, path, body=None):
        return 200 <= self.call(method, path, body)[0] < 300

    def patch(self, path, body):
        return self.done("PATCH", path, body)
