"""What went over the wire: every request in order, and a text of all of them for the search."""

import json
import threading
import time
from collections import Counter


class Entry:
    """One request as the journal remembers it; fate tells what the proxy did to it."""

    __slots__ = ("time", "seat", "kind", "name", "record", "fate")

    def __init__(self, seat, kind, name, record):
        self.time = time.time()
        self.seat = seat
        self.kind = kind
        self.name = name
        self.record = record
        self.fate = ""

    def __str__(self):
        clock = time.strftime("%H:%M:%S", time.localtime(self.time)) + f"{self.time % 1:.3f}"[1:]
        fate = f"   [{self.fate}]" if self.fate else ""
        return f"{clock} {self.seat} {self.kind}: {self.record!r}{fate}"


class Journal:
    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        self.entries = []
        self.out = open(folder / "operators.requests", "a", encoding="utf-8")

    def add(self, entry, head, body):
        text = _searchable(head, body)
        with self.lock:
            self.entries.append(entry)
            self.out.write(text)
        return entry

    def flush(self):
        with self.lock:
            self.out.flush()

    def posts(self):
        """The name in each POST that any operator ever sent and that may have made a key: answered,
        or not, but not refused."""
        with self.lock:
            return [each.name for each in self.entries
                    if each.kind == "post" and (each.record.status or 0) // 100 != 4]

    def about(self, needles, last=40):
        """The last requests that have to do with one of these names or ids."""
        with self.lock:
            entries = list(self.entries)
        found = [each for each in entries if any(
            needle and (needle in each.name or needle in each.record.path) for needle in needles)]
        return "\n".join(map(str, found[-last:]))

    def counts(self):
        with self.lock:
            return Counter(each.kind for each in self.entries)


def _searchable(head, body):
    """A request without what may be in it: the token in its header, and a Secret's data."""
    raw = head.without("authorization").decode("latin-1")
    text = body.decode("utf-8", "replace")
    if "/secrets" in head.first and body:
        try:
            found = json.loads(body)
        except ValueError:
            return f"{raw}{text}\n"
        for field in ("data", "stringData"):
            found.pop(field, None)
        text = json.dumps(found)
    return f"{raw}{text}\n"
