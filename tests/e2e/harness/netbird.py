"""A real NetBird server, and its API by curl."""

import base64
import hashlib
import os
import secrets
from pathlib import Path

import yaml

from .curl import curl, curl_many
from .process import Process, free_ports


def mark_prefix(uid):
    """How the operator marks the keys of one SetupKey at NetBird, computed here on its own."""
    return f"[k8s-{hashlib.sha256(uid.encode()).hexdigest()[:16]}-r"


class NetBirdApi:
    """The calls a person would make with curl. Registers what it is told with the leak check."""

    def __init__(self, url, token, issued=None):
        self.url = url
        self.token = token
        self.issued = issued

    def headers(self):
        return [f"Authorization: Token {self.token}", "Accept: application/json"]

    def call(self, method, path, body=None):
        return curl(method, f"{self.url}/api/{path}", body, self.headers())

    def ok(self, method, path, body=None):
        answer = self.call(method, path, body)
        assert answer.status == 200, f"{method} {path}: {answer.status} {answer.body}"
        return answer.json()

    def keys(self):
        return self.ok("GET", "setup-keys")

    def key(self, key_id):
        """Returns the key, or None where NetBird has none of that id."""
        answer = self.call("GET", f"setup-keys/{key_id}")
        assert answer.status in (200, 404), f"setup-keys/{key_id}: {answer.status} {answer.body}"
        return answer.json() if answer.status == 200 else None

    def keys_of(self, uid):
        """The keys that carry the mark of the SetupKey with that uid."""
        return [key for key in self.keys() if mark_prefix(uid) in key["name"]]

    def create_key(self, name, **fields):
        body = {"name": name, "type": "reusable", "expires_in": 86400, "auto_groups": [],
                "usage_limit": 0, "ephemeral": False, "allow_extra_dns_labels": False, **fields}
        key = self.ok("POST", "setup-keys", body)
        if self.issued is not None:
            self.issued.key(key["key"])
        return key

    def revoke_key(self, key_id):
        groups = self.key(key_id)["auto_groups"]
        return self.ok("PUT", f"setup-keys/{key_id}", {"revoked": True, "auto_groups": groups})

    def delete_key(self, key_id):
        return self.ok("DELETE", f"setup-keys/{key_id}")

    def delete_keys(self, key_ids):
        curl_many("DELETE", [f"{self.url}/api/setup-keys/{each}" for each in key_ids],
                  self.headers())

    def groups(self):
        return self.ok("GET", "groups")

    def create_group(self, name):
        return self.ok("POST", "groups", {"name": name})

    def delete_group(self, group_id):
        return self.call("DELETE", f"groups/{group_id}")

    def peers(self):
        return self.ok("GET", "peers")

    def users(self):
        return self.ok("GET", "users")

    def create_service_user(self, name, role):
        return self.ok("POST", "users", {"is_service_user": True, "name": name, "role": role,
                                         "auto_groups": []})["id"]

    def own_id(self):
        """Of the service user whose token this is: it may not read users/current."""
        found = [each["id"] for each in self.ok("GET", "users?service_user=true")
                 if each["is_current"]]
        assert len(found) == 1, found
        return found[0]

    def create_token(self, name, user=None):
        """A further token of the same or that service user. Returns (token id, token)."""
        made = self.ok("POST", f"users/{user or self.own_id()}/tokens",
                       {"name": name, "expires_in": 1})
        if self.issued is not None:
            self.issued.token(made["plain_token"])
        return made["personal_access_token"]["id"], made["plain_token"]

    def tokens(self):
        return self.ok("GET", f"users/{self.own_id()}/tokens")

    def delete_token(self, token_id):
        return self.ok("DELETE", f"users/{self.own_id()}/tokens/{token_id}")


class NetBirdServer:
    def __init__(self, binaries, folder, **env):
        self.binaries = Path(binaries)
        self.folder = Path(folder)
        self.port, self.metrics_port, self.health_port, self.stun_port = free_ports(4)
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = self.folder / "netbird.yaml"
        self.process = Process(
            "netbird-server", [self.binaries / "netbird-server", f"--config={self.config}"],
            self.folder / "netbird-server.log",
            env={**os.environ, "NB_SETUP_PAT_ENABLED": "true", "NB_DISABLE_GEOLOCATION": "true",
                 **env})

    def settings(self):
        # A named STUN server keeps NetBird from opening its own, which listens on every address.
        return {
            "listenAddress": f"127.0.0.1:{self.port}", "exposedAddress": self.url,
            "metricsPort": self.metrics_port,
            "healthcheckAddress": f"127.0.0.1:{self.health_port}",
            "stuns": [{"uri": f"stun:127.0.0.1:{self.stun_port}"}],
            "logLevel": "info", "logFile": "console",
            "authSecret": secrets.token_hex(16), "dataDir": str(self.folder / "netbird"),
            "disableAnonymousMetrics": True, "disableGeoliteUpdate": True,
            "auth": {"issuer": f"{self.url}/oauth2"},
            # Without a key of ours NetBird makes one per start, and after a restart knows no token.
            "store": {"engine": "sqlite",
                      "encryptionKey": base64.b64encode(secrets.token_bytes(32)).decode()},
        }

    def start(self):
        (self.folder / "netbird").mkdir(parents=True, exist_ok=True)
        if not self.config.exists():
            self.config.write_text(yaml.safe_dump({"server": self.settings()}))
        self.process.start().await_ready(
            "answering", lambda: curl("GET", f"{self.url}/api/instance").status == 200)

    def set_up(self):
        """Makes the owner, and a service user for the operator as README says it. Returns the
        service user's access token, which is shown only once."""
        answer = curl("POST", f"{self.url}/api/setup", {
            "email": "admin@e2e.test", "password": f"Aa1!{secrets.token_hex(12)}",
            "name": "admin", "create_pat": True, "pat_expire_in": 1})
        assert answer.status == 200, f"NetBird refused its setup: {answer.status} {answer.body}"
        owner = NetBirdApi(self.url, answer.json()["personal_access_token"])
        return owner.create_token("nbkeys", owner.create_service_user("nbkeys", "admin"))[1]

    def stop(self):
        self.process.stop()


class AnotherNetBird:
    """A NetBird server of its own, with another account, and the token of that."""

    def __init__(self, world, name, **env):
        folder = world.folder / name
        folder.mkdir()
        self.server = NetBirdServer(world.binaries, folder, **env)
        self.server.start()
        token = self.server.set_up()
        world.issued.token(token)
        self.api = NetBirdApi(self.server.url, token, world.issued)
        self.token_file = world.write_token(f"{name}-token", token)
