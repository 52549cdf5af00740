"""A server for the local applications under test."""

import contextlib
import socket

import pytest

from mocktill.server import serving


@pytest.fixture
def serve():
    """Serve the application that is made for a URL; answer that URL."""
    with contextlib.ExitStack() as servers:
        yield lambda create_app: servers.enter_context(_serving(create_app))


@contextlib.contextmanager
def _serving(create_app):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with serving(create_app(url), listener):
            yield url
