"""HTTP/1.1 on a socket, as bytes: heads, bodies and chunks, without interpreting them."""

import select


class Closed(Exception):
    """The other side closed, or broke off."""


class Head:
    """A request's or a response's first line and headers, kept as they came."""

    def __init__(self, raw):
        self.raw = raw
        lines = raw.decode("latin-1").split("\r\n")
        self.first = lines[0]
        self.headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if colon:
                self.headers[name.strip().lower()] = value.strip()

    def header(self, name):
        return self.headers.get(name, "")

    def without(self, name):
        """The raw bytes without one header."""
        lines = self.raw.split(b"\r\n")
        prefix = name.encode() + b":"
        return b"\r\n".join(line for line in lines if not line.lower().startswith(prefix))

    def chunked(self):
        return "chunked" in self.header("transfer-encoding").lower()

    def closes(self):
        return self.header("connection").lower() == "close" or "HTTP/1.0" in self.first


class Stream:
    """A buffered reader and writer of one connection; used by one thread."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = bytearray()

    def fill(self):
        try:
            data = self.sock.recv(65536)
        except OSError as error:
            raise Closed(str(error)) from error
        if not data:
            raise Closed("end of stream")
        self.buffer += data

    def take(self, count):
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def until(self, mark):
        start = 0
        while True:
            at = self.buffer.find(mark, start)
            if at >= 0:
                return self.take(at + len(mark))
            start = max(0, len(self.buffer) - len(mark) + 1)
            self.fill()

    def head(self):
        return Head(self.until(b"\r\n\r\n"))

    def exactly(self, count):
        while len(self.buffer) < count:
            self.fill()
        return self.take(count)

    def chunk(self):
        """One chunk with its framing, or the last one with its trailer. Returns (bytes, last)."""
        line = self.until(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if size > 0:
            return line + self.exactly(size + 2), False
        trailer = part = self.until(b"\r\n")
        while part != b"\r\n":
            part = self.until(b"\r\n")
            trailer += part
        return line + trailer, True

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Closed(str(error)) from error

    def pending(self):
        """True where bytes are at hand without waiting; TLS keeps some that poll cannot see."""
        tls_pending = getattr(self.sock, "pending", None)
        return bool(self.buffer) or bool(tls_pending and tls_pending())

    def readable(self, timeout=0.0):
        return self.pending() or bool(wait_for([self], timeout))

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass


def wait_for(streams, timeout=None):
    """Returns those streams that can be read, or [] after the timeout in seconds."""
    ready = [each for each in streams if each.pending()]
    if ready:
        return ready
    poller = select.poll()
    by_fd = {}
    for each in streams:
        fd = each.sock.fileno()
        if fd < 0:
            return [each]
        by_fd[fd] = each
        poller.register(fd, select.POLLIN)
    events = poller.poll(None if timeout is None else int(timeout * 1000))
    return [by_fd[fd] for fd, _ in events]


def dechunk(body):
    """The plain bytes of a whole chunked body."""
    plain = bytearray()
    at = 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end].split(b";")[0], 16)
        if size == 0:
            return bytes(plain)
        plain += body[end + 2:end + 2 + size]
        at = end + 2 + size + 2


def body_of(stream, head):
    """Reads a request's body as it is on the wire."""
    if head.chunked():
        body, last = b"", False
        while not last:
            piece, last = stream.chunk()
            body += piece
        return body
    return stream.exactly(int(head.header("content-length") or 0))


def bodiless(method, status):
    return method == "HEAD" or status in (204, 304) or 100 <= status < 200
