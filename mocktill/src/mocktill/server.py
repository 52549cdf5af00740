"""The sandbox on a port, in a thread."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from .app import create_app
from .sandbox import Sandbox

START_WITHIN_SECONDS = 15
# Whoever still waits for an answer then has given up on us anyway.
STOP_WITHIN_SECONDS = 2


@dataclass(frozen=True)
class Running:
    app: Starlette
    url: str

    def use(self, sandbox: Sandbox) -> None:
        """Serve another account on the same port, as a test may want a fresh one."""
        self.app.state.sandbox.stop()
        sandbox.base_url = sandbox.base_url or self.url
        self.app.state.sandbox = sandbox


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()


@contextlib.contextmanager
def running(
    sandbox: Sandbox,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    guard: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> Iterator[Running]:
    """
    Serve *sandbox* until the block ends; port 0 takes any free one.

    *guard* puts a middleware in front of it, which decides who may call.
    """
    listener = socket.create_server((host, port))
    # uvicorn answers in two writes; without this the second waits 40 ms for an ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    url = f"http://{host}:{listener.getsockname()[1]}"
    sandbox.base_url = sandbox.base_url or url
    app = create_app(sandbox)
    config = uvicorn.Config(
        guard(app),
        log_level="warning",
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=STOP_WITHIN_SECONDS,
    )
    server = _Server(config)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="stripe-sandbox"
    )
    thread.start()
    try:
        if not server.answers.wait(START_WITHIN_SECONDS):
            raise TimeoutError("The Stripe sandbox did not start.")
        yield Running(app, url)
    finally:
        # First, or hung calls would keep the server from closing.
        app.state.sandbox.stop()
        server.should_exit = True
        thread.join()
        listener.close()
