"""Every key and token the run has seen, and the search for them where none may be."""

import base64
import re
import threading

# A NetBird key is a UUID. Its first 13 and its last 12 characters are looked for apart, so that a
# shortened or re-cased copy counts too; the first 5 are what NetBird itself shows.
HEAD = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}")
LAST = re.compile(r"-([0-9A-Fa-f]{12})")
# The 36 characters of a UUID in base64: every fourth digit tells the upper bits of one of them. Looked
# for at every place, and fast where somebody's data is megabytes of such digits.
BASE64 = re.compile(r"(?=((?:[LMNOQRYZ][A-Za-z0-9+/]{3}){12}))")


class Issued:
    def __init__(self):
        self.lock = threading.Lock()
        self.keys = set()
        self.tokens = set()

    def key(self, value):
        if value and "*" not in value:
            with self.lock:
                self.keys.add(value)

    def token(self, value):
        if value:
            with self.lock:
                self.tokens.add(value)

    def counts(self):
        with self.lock:
            return len(self.keys), len(self.tokens)

    def finder(self):
        """A Finder for what has been issued up to now."""
        with self.lock:
            return Finder(set(self.keys), set(self.tokens))


class Finder:
    def __init__(self, keys, tokens):
        self.heads = {key[:13].upper() for key in keys}
        self.lasts = {key[-12:].upper() for key in keys}
        self.encoded = {base64.b64encode(key.encode()).decode() for key in keys}
        self.tokens = tokens
        self.encoded_tokens = [base64.b64encode(token.encode()).decode() for token in tokens]

    def find(self, text):
        """Returns what was found, each described without being repeated in full."""
        found = []
        for match in HEAD.finditer(text):
            if match.group().upper() in self.heads:
                found.append(f"the key {match.group()[:5]}… at {match.start()}")
        for match in LAST.finditer(text):
            if match.group(1).upper() in self.lasts:
                found.append(f"the end of a key, {match.group(1)[:3]}…, at {match.start()}")
        for match in BASE64.finditer(text):
            if match.group(1) in self.encoded:
                found.append(f"a key in base64 at {match.start()}")
        for token in (*self.tokens, *self.encoded_tokens):
            at = text.find(token)
            if at >= 0:
                found.append(f"the token {token[:6]}… at {at}")
        return found
