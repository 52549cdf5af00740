"""
What `make run` asks of MiniStack beyond AWS's APIs, at addresses below `/_local/`.

It runs in MiniStack's process, behind the guard that refuses web pages.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from local import aws_state, aws_workers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mocktill.loopback_only import App, Receive, Scope, Send

PREFIX = "/_local/"
SAVE_EVERY_SECONDS = 5
logger = logging.getLogger("local")


class Control:
    """Answers these requests itself, and hands all others to MiniStack."""

    def __init__(self, app: App, folder: Path) -> None:
        self._app = app
        self._data = folder / "kept/data.json"
        self._actions: dict[str, Callable[[Any], Any]] = {
            "save-deployment": lambda _: aws_state.save(folder / "deployed.new"),
            "replace-workers": aws_workers.replace,
            "is-published": lambda _: aws_state.is_published(),
            "put-data": self.put_data,
            "keep-data": self.keep_data,
        }
        # Of the tables and queues whose contents are kept, if they are.
        self._names: dict[str, str] | None = None
        self._saved = ""
        self._saving = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        action = self._actions.get(scope["path"].removeprefix(PREFIX))
        status, answer = 404, None
        if action and scope["method"] == "POST":
            body = await _body(receive)
            try:
                # In a thread: a process that starts may call AWS.
                answer = await asyncio.to_thread(action, json.loads(body or b"null"))
                status = 200
            except Exception as problem:
                logger.exception("%s failed", scope["path"])
                status, answer = 500, str(problem)
        headers = [(b"content-type", b"application/json")]
        await send(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def put_data(self, names: dict[str, str]) -> None:
        aws_state.put_data(self._data.read_text(), names)

    def keep_data(self, names: dict[str, str]) -> None:
        """Save the data from now on, every few seconds and at the end."""
        self._names = names
        self.save_data()
        threading.Thread(target=self._save_regularly, daemon=True).start()

    def _save_regularly(self) -> None:
        ended = threading.Event()
        while not ended.wait(SAVE_EVERY_SECONDS):
            with suppress(OSError):  # the disk is full: the next time may succeed
                self.save_data()

    def save_data(self) -> None:
        """Save the data if it is to be kept; a reader sees all of it or none."""
        if (names := self._names) is None:
            return
        with self._saving:
            data = _read_steadily(lambda: aws_state.data(names))
            if data != self._saved:
                self._data.parent.mkdir(parents=True, exist_ok=True)
                temporary = self._data.with_suffix(".tmp")
                temporary.write_text(data)
                temporary.replace(self._data)
                self._saved = data


def _read_steadily(read: Callable[[], str]) -> str:
    """Read again if something was written meanwhile, which Python refuses."""
    for _ in range(20):
        with suppress(RuntimeError):
            return read()
    return read()


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body
