"""A TCP proxy that breaks its connections off when told to. It looks into nothing, so what passes
is what the two sides have said, TLS included."""

import socket
import threading
import time
from urllib.parse import urlsplit


class Cutter:
    def __init__(self, upstream):
        where = urlsplit(upstream)
        self.upstream = (where.hostname, where.port)
        self.lock = threading.Lock()
        self.pairs = []  # open connections since the last cut, as (client, server)
        self.passed_at = 0.0  # when a byte last passed
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"{where.scheme}://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.upstream, timeout=5)
            except OSError:
                return
            server.settimeout(None)
            pair = (client, server)
            for each in pair:
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.pairs.append(pair)
            for source, target in (pair, pair[::-1]):
                threading.Thread(target=self._pass, args=(pair, source, target),
                                 daemon=True).start()

    def _pass(self, pair, source, target):
        try:
            while piece := source.recv(65536):
                self.passed_at = time.monotonic()
                target.sendall(piece)
        except OSError:
            pass  # an end of either side is passed on below
        self._end(pair)

    def _end(self, pair):
        with self.lock:
            if pair not in self.pairs:
                return
            self.pairs.remove(pair)
        _close(pair)

    def cut(self):
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            _close(pair)

    def settled(self, connections, silence=0.05):
        """True where so many connections are open and have said what they had to say."""
        return (len(self.pairs) >= connections
                and time.monotonic() - self.passed_at >= silence)

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()


def _close(pair):
    for each in pair:
        try:
            # Wakes the thread that reads from it, which close() alone does not.
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        each.close()
