"""A front for the sandbox's servers that passes requests on, or answers them with a flood."""
import socket
import threading


def answer_head(*lines):
    return ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            + "".join(line + "\r\n" for line in lines) + "\r\n").encode()


class Front:
    """Relays to a port of this machine. attack(path) gives the flood for a request, or None: a
    function that writes to the socket until it is closed at the other end."""

    def __init__(self, port):
        self.upstream = port
        self.attack = lambda method, path: None
        self.attacked = 0
        self.sent = 0  # bytes of floods that the operator took in
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def close(self):
        # A thread that waits in accept() is woken by shutdown() and not by close().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def serve(self, connection):
        with connection:
            try:
                head, body = read_request(connection)
                method, path = head.split(b" ", 2)[:2]
                flood = self.attack(method.decode(), path.decode())
                if flood is None:
                    self.relay(connection, head, body)
                else:
                    self.attacked += 1
                    flood(lambda data: self.write(connection, data))
            except (OSError, EOFError):
                pass  # the operator hung up, which is what it should do

    def write(self, connection, data):
        connection.sendall(data)
        self.sent += len(data)

    def relay(self, connection, head, body):
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        with socket.create_connection(("127.0.0.1", self.upstream)) as server:
            server.sendall(b"\r\n".join(lines) + b"\r\nConnection: close\r\n\r\n" + body)
            while data := server.recv(65536):
                connection.sendall(data)


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise EOFError
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                   if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            raise EOFError
        body += more
    return head, body


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


GIGABYTE = 1 << 30
# For what the HTTP library reads into memory whole before anybody can look at it (see README.md).
READ_AHEAD = 100 << 20
PIECE = b" " * 65536


def long_body(write):
    write(answer_head(f"Content-Length: {GIGABYTE}"))
    write(b'{"metadata":{"resourceVersion":"1"},"items":[')
    for _ in range(GIGABYTE // len(PIECE)):
        write(PIECE)


def endless_chunks(write):
    write(answer_head("Transfer-Encoding: chunked"))
    while True:
        write(chunk(PIECE))


def one_huge_chunk(write):
    write(answer_head("Transfer-Encoding: chunked"))
    write(b"%x\r\n" % GIGABYTE)
    for _ in range(READ_AHEAD // len(PIECE)):
        write(PIECE)


def endless_headers(write):
    write(b"HTTP/1.1 200 OK\r\n")
    for i in range(READ_AHEAD // 4096):
        write(b"X-%d: %s\r\n" % (i, PIECE[:4080]))


def endless_status_line(write):
    write(b"HTTP/1.1 200 ")
    for _ in range(READ_AHEAD // len(PIECE)):
        write(PIECE)


def endless_chunk_size(write):
    write(answer_head("Transfer-Encoding: chunked"))
    for _ in range(READ_AHEAD // 65536):
        write(b"0" * 65536)


def many_values(write):
    body = b'{"metadata":{"resourceVersion":"1"},"items":[[]' + b",[]" * 2_500_000 + b"]}"
    write(answer_head(f"Content-Length: {len(body)}"))
    write(body)


def deep_values(write):
    body = b"[" * 15_000_000
    write(answer_head(f"Content-Length: {len(body)}"))
    write(body)


def zip_bomb(write):
    import zlib
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(packer.compress(PIECE * 16) for _ in range(1024)) + packer.flush()
    write(answer_head("Content-Encoding: gzip", f"Content-Length: {len(body)}"))
    write(body)


def drip(write):
    write(answer_head("Content-Length: 1000000"))
    pause = threading.Event()
    while not pause.wait(0.2):
        write(b" ")


def drip_of_headers(write):
    write(b"HTTP/1.1 200 OK\r\nX: ")
    pause = threading.Event()
    while not pause.wait(0.2):
        write(b"x")
