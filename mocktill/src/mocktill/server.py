"""Serve the sandbox on a port, in a thread."""

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
# After this time the server drops the calls that still wait for an answer.
STOP_WITHIN_SECONDS = 2


@dataclass(frozen=True)
class Running:
    app: Starlette
    url: str

    def use(self, sandbox: Sandbox) -> None:
        """Serve another sandbox on the same port, such as a new one for each test."""
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
    Serve *sandbox* until the block ends; port 0 takes any free port.

    *guard* wraps the application in a middleware that decides which requests pass.
    """
    with socket.create_server((host, port)) as listener:
        url = f"http://{host}:{listener.getsockname()[1]}"
        sandbox.base_url = sandbox.base_url or url
        app = create_app(sandbox)
        with serving(guard(app), listener):
            try:
                yield Running(app, url)
            finally:
                # The server can close only after the hung calls have ended.
                app.state.sandbox.stop()


@contextlib.contextmanager
def serving(app: ASGIApp, listener: socket.socket) -> Iterator[None]:
    """Serve *app* on *listener*, in a thread, until the block ends."""
    # uvicorn answers in two writes. Without this option, the second waits 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(
        app,
        log_level="warning",
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=STOP_WITHIN_SECONDS,
    )
    server = _Server(config)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="mocktill"
    )
    thread.start()
    try:
        if not server.answers.wait(START_WITHIN_SECONDS):
            raise TimeoutError("The server did not start in time.")
        yield
    finally:
        server.should_exit = True
        thread.join()
