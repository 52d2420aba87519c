"""NetBird's API over urllib, past the proxies, for people and for the checker."""

import http.client
import json
import urllib.error
import urllib.request

from harness.netbird import mark_prefix


class NetBirdDirect:
    def __init__(self, url, token):
        self.url = url
        self.token = token
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method, path, body=None):
        """Returns (status, parsed body); the status is 0 where nobody answers."""
        request = urllib.request.Request(
            f"{self.url}/api/{path}", None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Token {self.token}", "Content-Type": "application/json"},
            method=method)
        try:
            with self.opener.open(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, None
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None

    def keys(self):
        """All keys of the account, or None where NetBird does not answer."""
        status, found = self.call("GET", "setup-keys")
        return found if status == 200 else None

    def keys_of(self, uid):
        return [key for key in self.keys() or () if mark_prefix(uid) in key["name"]]
