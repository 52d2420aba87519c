"""A fault proxy: stands in front of kube-apiserver or NetBird and does what its rules say.

It speaks HTTP/1.1 with keep-alive, passes watches on chunk by chunk, and records every request.
A rule names a method and a path by regular expressions and acts on the n-th request that matches.
"""

import re
import socket
import ssl
import subprocess
import threading
import time
from urllib.parse import urlsplit

from .rules import Rule
from .wire import Closed, Stream, bodiless, body_of, dechunk, wait_for


def make_certificate(folder, name, address="127.0.0.1"):
    """A self-signed certificate for the address. Returns (certificate file, key file)."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
         f"subjectAltName=IP:{address}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    return certificate, key


class Record:
    """One request that the proxy saw. status is None until an answer arrived; gone tells that a
    watch was ended by an error event 410."""

    __slots__ = ("time", "method", "path", "authorization", "status", "answered", "gone")

    def __init__(self, method, path, authorization):
        self.time = time.monotonic()
        self.method = method
        self.path = path
        self.authorization = authorization
        self.status = None
        self.answered = None
        self.gone = False

    def matches(self, method, path):
        return re.fullmatch(method, self.method) and re.search(path, self.path)

    def __repr__(self):
        return f"{self.method} {self.path} -> {self.status}"


class Proxy:
    """observe(record, request body, answer body) is called with each whole answer to a request
    whose "METHOD path" matches observed; it sees answers that a rule then loses, too.

    arbiter(record, head, request body) is called with each request that no rule acts on, and
    returns a Rule that shall, or None."""

    def __init__(self, name, upstream, certificate=None, upstream_ca=None,
                 observed=None, observe=None, arbiter=None, host="127.0.0.1"):
        where = urlsplit(upstream)
        self.name = name
        self.upstream = (where.hostname, where.port)
        self.client_tls = self.upstream_tls = None
        if certificate is not None:
            self.client_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.client_tls.load_cert_chain(*certificate)
        if where.scheme == "https":
            self.upstream_tls = ssl.create_default_context(cafile=upstream_ca)
        self.observed = re.compile(observed) if observed else None
        self.observe = observe
        self.arbiter = arbiter
        self.lock = threading.Lock()
        self.rules = []
        self.records = []
        self.open_sockets = set()
        self.listener = None
        self.host = host
        self.port = None

    @property
    def url(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.client_tls else 'http'}://{host}:{self.port}"

    def start(self):
        """Listens; on the same port again after stop()."""
        self.listener = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.host, self.port or 0))
        self.listener.listen(512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()
        return self

    def stop(self):
        """Refuses connections and breaks off those that are open."""
        if self.listener is None:
            return
        for step in (lambda: self.listener.shutdown(socket.SHUT_RDWR), self.listener.close):
            try:
                step()
            except OSError:
                pass
        self.listener = None
        with self.lock:
            sockets = list(self.open_sockets)
        for each in sockets:
            try:
                # Below TLS: the connection's own thread may be reading from it right now.
                socket.socket.shutdown(each, socket.SHUT_RDWR)
            except OSError:
                pass

    # Rules and records

    def add(self, rule):
        with self.lock:
            self.rules.append(rule)
        return rule

    def rule(self, method, path, **what):
        """Adds a Rule; see there for what it can do."""
        return self.add(Rule(method, path, **what))

    def clear(self):
        """Ends all rules; requests held by one go on."""
        with self.lock:
            rules, self.rules = self.rules, []
        for each in rules:
            each.end()

    def forget(self):
        with self.lock:
            self.records = []

    def seen(self, method=".*", path="", since=0.0):
        """The records of matching requests, oldest first."""
        with self.lock:
            records = list(self.records)
        return [each for each in records if each.time >= since and each.matches(method, path)]

    def count(self, method=".*", path="", since=0.0):
        return len(self.seen(method, path, since))

    def _record(self, head):
        method, path, _ = head.first.split(" ", 2)
        record = Record(method, path, head.header("authorization"))
        with self.lock:
            self.records.append(record)
            rule = None
            # Every rule counts every match; the first one that is due acts.
            for each in self.rules:
                if each.due(method, path) and rule is None:
                    rule = each
        return record, rule

    # Connections

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _adopt(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.open_sockets.add(sock)
        return Stream(sock)

    def _drop(self, stream):
        if stream is not None:
            with self.lock:
                self.open_sockets.discard(stream.sock)
            stream.close()

    def _connect(self):
        try:
            sock = socket.create_connection(self.upstream, timeout=5)
            sock.settimeout(None)
            if self.upstream_tls:
                sock = self.upstream_tls.wrap_socket(sock, server_hostname=self.upstream[0])
        except OSError as error:
            raise Closed(str(error)) from error
        return self._adopt(sock)

    def _serve(self, sock):
        client = upstream = None
        try:
            if self.client_tls:
                sock = self.client_tls.wrap_socket(sock, server_side=True)
            client = self._adopt(sock)
            while True:
                upstream, go_on = self._exchange(client, upstream)
                if not go_on:
                    return
        except (Closed, OSError, ValueError):
            # A broken connection is passed on as one: both sides are closed below.
            pass
        finally:
            self._drop(client)
            self._drop(upstream)
            if client is None:
                sock.close()

    def _exchange(self, client, upstream):
        """One request and its answer. Returns (connection to the server, go on)."""
        head = client.head()
        record, rule = self._record(head)
        if head.header("expect").lower() == "100-continue":
            client.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = body_of(client, head)
        if rule is None and self.arbiter is not None:
            rule = self.arbiter(record, head, body)
        if rule is not None and not rule.before_forwarding(client):
            rule.done()
            return upstream, rule.keeps_connection
        # A connection that can be read while no answer is due has been closed by the server.
        if upstream is not None and upstream.readable():
            self._drop(upstream)
            upstream = None
        if upstream is None:
            upstream = self._connect()
        try:
            upstream.send(head.without("expect") + body)
            go_on = self._answer(client, upstream, record, rule, body)
        except Closed:
            self._drop(upstream)
            raise
        return upstream, go_on and not head.closes()

    def _answer(self, client, upstream, record, rule, request_body):
        observed = self.observed and self.observed.search(f"{record.method} {record.path}")
        whole = observed or (rule is not None and rule.needs_whole_answer)
        # An answer that somebody here wants to see is read even if the client has gone.
        waiting = None if whole else client
        _await_answer(waiting, upstream)
        head = upstream.head()
        record.status = int(head.first.split(" ")[1])
        record.answered = time.monotonic()
        keep = not head.closes()
        if bodiless(record.method, record.status):
            pieces, body = iter(()), b""
        else:
            pieces, body = _pieces(waiting, upstream, head), None
        if whole:
            body = b"".join(pieces)
            pieces = iter((body,))
            if observed:
                self.observe(record, request_body, dechunk(body) if head.chunked() else body)
        if rule is not None and not rule.before_passing_on():
            rule.done()
            return False
        unsent = head.raw
        for piece in pieces:
            record.gone = record.gone or b'"code":410' in piece
            client.send(unsent + piece)
            unsent = b""
        if unsent:
            client.send(unsent)
        if rule is not None:
            rule.after_passing_on()
            rule.done()
        return keep and (head.chunked() or "content-length" in head.headers or body == b"")


def _await_answer(client, upstream):
    """Waits for the server, and ends the wait when the client (if any) goes away meanwhile."""
    # A client that sends while it waits pipelines its next request: that stays in the buffer.
    watched = [upstream] if client is None or client.buffer else [upstream, client]
    while upstream not in wait_for(watched):
        client.fill()
        watched = [upstream]


def _pieces(client, upstream, head):
    """The answer's body as it comes, framing included."""
    if head.chunked():
        last = False
        while not last:
            _await_answer(client, upstream)
            piece, last = upstream.chunk()
            # What has come already goes in one write: a watch's burst is many small chunks.
            while not last and len(piece) < 65536 and b"\r\n" in upstream.buffer:
                more, last = upstream.chunk()
                piece += more
            yield piece
    elif "content-length" in head.headers:
        yield upstream.exactly(int(head.header("content-length")))
    else:
        while True:
            try:
                upstream.fill()
            except Closed:
                return
            yield upstream.take(len(upstream.buffer))
