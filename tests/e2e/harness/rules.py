"""What the fault proxy does with one request."""

import re
import threading


class Rule:
    """Acts on the requests whose method and path match, from the nth on, `times` of them (None:
    all). Times of acting, in order:

    before the request is forwarded
        seen       called with nothing; afterwards the request goes on, unless lose_request
        delay      seconds to wait
        hold       a threading.Event to wait for
        lose_request  close the connection: the server never hears of it
        hang       keep the connection and never answer, until the rule ends
        status, body, headers  answer this, without asking the server; body is bytes
    when the server has answered
        answered   called before the answer is passed on
        lose_answer   close the connection: the client never hears of it
    when the answer has been passed on
        passed     called
    """

    def __init__(self, method, path, nth=1, times=1, seen=None, delay=0.0, hold=None,
                 lose_request=False, hang=False, status=None, body=b"", headers=None,
                 answered=None, lose_answer=False, passed=None):
        self.method = re.compile(method)
        self.path = re.compile(path)
        self.first = nth
        self.last = None if times is None else nth + times - 1
        self.seen = seen
        self.delay = delay
        self.hold = hold
        self.lose_request = lose_request
        self.hang = hang
        self.status = status
        self.body = body
        self.headers = headers or {}
        self.answered = answered
        self.lose_answer = lose_answer
        self.passed = passed
        self.matched = 0
        self.acted = 0
        self.fired = threading.Event()
        self.ended = threading.Event()

    def due(self, method, path):
        """Counts a request. True when this rule shall act on it. The proxy's lock is held."""
        if not (self.method.fullmatch(method) and self.path.search(path)):
            return False
        self.matched += 1
        return self.matched >= self.first and (self.last is None or self.matched <= self.last)

    def end(self):
        self.ended.set()

    def done(self):
        self.acted += 1
        self.fired.set()

    def await_fired(self, timeout=30.0, explain=None):
        if not self.fired.wait(timeout):
            more = f"\n{explain()}" if explain else ""
            raise AssertionError(
                f"no {self.method.pattern} {self.path.pattern} number {self.first} came within "
                f"{timeout:g} s; {self.matched} matched{more}")

    @property
    def needs_whole_answer(self):
        return self.answered is not None or self.lose_answer or self.passed is not None

    @property
    def keeps_connection(self):
        return self.status is not None

    def before_forwarding(self, client):
        """Returns False when the request shall not reach the server."""
        if self.delay:
            self.ended.wait(self.delay)
        if self.seen is not None:
            self.seen()
        if self.hold is not None:
            # Whoever waits for the rule must learn that the request has come and is held.
            self.fired.set()
            self.hold.wait()
        if self.hang:
            self.fired.set()
            self.ended.wait()
            return False
        if self.status is not None:
            client.send(self.canned())
            return False
        return not self.lose_request

    def before_passing_on(self):
        """Returns False when the answer shall not reach the client."""
        if self.answered is not None:
            self.answered()
        return not self.lose_answer

    def after_passing_on(self):
        if self.passed is not None:
            self.passed()

    def canned(self):
        headers = {"Content-Type": "application/json", "Content-Length": str(len(self.body)),
                   **self.headers}
        lines = [f"HTTP/1.1 {self.status} Injected"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


def kill_when_seen(victim):
    return {"seen": victim.strike, "lose_request": True}


def kill_when_answered(victim):
    return {"answered": victim.strike, "lose_answer": True}


def kill_when_passed_on(victim):
    return {"passed": victim.strike}


def netbird_error(status, message="injected"):
    """An error as NetBird words it."""
    body = b'{"message":"%s","code":%d}' % (message.encode(), status)
    return {"status": status, "body": body}
