"""Lets pods reach a server that listens on loopback only."""

import asyncio
import threading


class Forward:
    """Takes connections at an address and passes their bytes on, in a thread of its own."""

    def __init__(self, address, port, target_port):
        self.address = address
        self.port = port
        self.target_port = target_port
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def start(self):
        self.thread.start()
        server = asyncio.start_server(self._serve, self.address, self.port)
        asyncio.run_coroutine_threadsafe(server, self.loop).result(10)
        return self

    async def _serve(self, reader, writer):
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pass(reader, to_writer), self._pass(to_reader, writer))

    async def _pass(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        if self.thread.is_alive():
            self.thread.join(10)
