"""What a process uses, by /proc, and what the operator counts, by its metrics."""

import http.client
import os
import re
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
MB = 1024 * 1024
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="([^"]*)"')
REQUESTS = "netbird_keys_api_requests_total"
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def status_mb(pid, field):
    """A size out of /proc/PID/status in MB: VmRSS now, VmHWM at its highest."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB", text, re.M).group(1)) / 1024


def threads(pid):
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def pss_mb(pid):
    """None where the kernel does not show it: the operator forbids that to users but root."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return None
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.M).group(1)) / 1024


def parts_mb(pid):
    """RSS by what it is: program, libraries, heap, and other anonymous memory."""
    try:
        text = Path(f"/proc/{pid}/smaps").read_text()
    except OSError:
        return {}
    program = os.readlink(f"/proc/{pid}/exe")
    parts, kind = {}, None
    for line in text.splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            path = line.split(None, 5)[5] if len(line.split(None, 5)) > 5 else ""
            kind = ("program" if path == program else "heap" if path == "[heap]" else
                    "anonymous" if not path or path.startswith("[") else "libraries")
        elif line.startswith("Rss:"):
            parts[kind] = parts.get(kind, 0) + int(line.split()[1]) / 1024
    return {kind: round(size, 2) for kind, size in sorted(parts.items())}


def await_quiet(pids, share=0.05, window=0.5, limit=60.0):
    """Waits until those processes together use less than that share of one core."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        before = sum(map(cpu_seconds, pids))
        time.sleep(window)
        if (sum(map(cpu_seconds, pids)) - before) / window <= share:
            return


class Metrics:
    """One reading of /metrics."""

    def __init__(self, port):
        self.gauges = {}  # added up over their labels
        self.requests = {}  # (server, method, operation) -> how many
        for line in get(port, "/metrics")[1].splitlines():
            found = SAMPLE.match(line)
            if not found:
                continue
            name, labels, value = found.groups()
            if name == REQUESTS:
                label = dict(LABEL.findall(labels))
                kind = (label["server"], label["method"], label["operation"])
                self.requests[kind] = self.requests.get(kind, 0) + float(value)
            else:
                self.gauges[name] = self.gauges.get(name, 0.0) + float(value)

    def gauge(self, name):
        return self.gauges.get(name, 0.0)

    def calls_since(self, before):
        """{(server, method, operation): how many} of what was called in between."""
        found = {kind: int(count - before.requests.get(kind, 0))
                 for kind, count in self.requests.items()}
        return {kind: count for kind, count in sorted(found.items()) if count}

    def idle(self):
        return (self.gauge("workqueue_depth") == 0
                and self.gauge("controller_runtime_active_workers") == 0)

    def caught_up(self, keys):
        return (self.gauge("netbird_keys_setupkeys") == keys and self.idle()
                and self.gauge("netbird_keys_account_ready_status") == 1
                and self.gauge("netbird_keys_account_keys") >= keys)


def get(port, path):
    """(status, text); (0, "") where nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


def total(calls, server=None, methods=None, operation=None):
    return sum(count for (where, method, what), count in calls.items()
               if server in (None, where) and operation in (None, what)
               and (methods is None or method in methods))


def by_name(calls):
    """For JSON and tables: {"server operation": how many}."""
    named = {}
    for (server, _, operation), count in calls.items():
        named[f"{server} {operation}"] = named.get(f"{server} {operation}", 0) + count
    return named
