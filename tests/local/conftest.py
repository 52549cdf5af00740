"""A server for the local applications under test."""

import contextlib
import socket
import threading

import pytest
import uvicorn


class _Server(uvicorn.Server):
    def __init__(self, config):
        super().__init__(config)
        self.answers = threading.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.answers.set()


@pytest.fixture
def serve():
    """Serve the application that is made for a URL; answer that URL."""
    with contextlib.ExitStack() as servers:
        yield lambda create_app: servers.enter_context(_serving(create_app))


@contextlib.contextmanager
def _serving(create_app):
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = _Server(uvicorn.Config(create_app(url), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        assert server.answers.wait(10)
        yield url
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
