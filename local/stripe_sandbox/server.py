"""The sandbox on a port, in a thread."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import uvicorn

from .app import create_app
from .sandbox import StripeSandbox

START_WITHIN_SECONDS = 15
# Whoever still waits for an answer then has given up on us anyway.
STOP_WITHIN_SECONDS = 2


@dataclass(frozen=True)
class Running:
    sandbox: StripeSandbox
    url: str


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()


@contextlib.contextmanager
def running(
    sandbox: StripeSandbox, *, host: str = "127.0.0.1", port: int = 0
) -> Iterator[Running]:
    """Serve *sandbox* until the block ends; port 0 takes any free one."""
    listener = socket.create_server((host, port))
    url = f"http://{host}:{listener.getsockname()[1]}"
    sandbox.base_url = sandbox.base_url or url
    config = uvicorn.Config(
        create_app(sandbox),
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
        yield Running(sandbox, url)
    finally:
        # First, or hung calls would keep the server from closing.
        sandbox.stop()
        server.should_exit = True
        thread.join()
        listener.close()
