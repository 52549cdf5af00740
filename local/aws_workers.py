"""
The functions' processes in MiniStack: start them faster, and replace them.

It runs in MiniStack's process, as `aws_state.py` does.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ministack.core import lambda_runtime  # type: ignore[import-not-found]
from ministack.services import lambda_svc  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Collection

POLL_SECONDS = 0.1
# The only file of a layer that is unpacked elsewhere: `function_python` reads it.
UNPACKED = "unpacked"
logger = logging.getLogger("local")


def unpack_each_layer_once() -> None:
    """
    Let all processes of functions share one unpacked copy of a layer.

    MiniStack unpacks it anew for each: three thousand files, and most of the time that
    a process takes to start.
    """
    spawn, whole_layer = lambda_runtime.Worker._spawn, lambda_svc._resolve_layer_zip  # noqa: SLF001
    spawning = threading.local()
    copies: dict[int, tuple[bytes, bytes]] = {}
    lock = threading.Lock()

    def shared_layer(attachment: Any) -> bytes | None:  # noqa: ANN401 - MiniStack's own
        content: bytes | None = whole_layer(attachment)
        if content is None or not getattr(spawning, "now", False):
            return content
        with lock:
            # Keep the content too: another one must not get its identity.
            if id(content) not in copies:
                copies[id(content)] = content, _reference(_unpacked(content))
            return copies[id(content)][1]

    def spawn_with_shared_layers(worker: Any) -> None:  # noqa: ANN401 - MiniStack's own
        spawning.now = True
        try:
            spawn(worker)
        finally:
            spawning.now = False

    lambda_svc._resolve_layer_zip = shared_layer  # noqa: SLF001
    lambda_runtime.Worker._spawn = spawn_with_shared_layers  # noqa: SLF001


def _unpacked(layer: bytes) -> Path:
    layers = Path(tempfile.gettempdir()) / "layers"
    layers.mkdir(parents=True, exist_ok=True)
    target = layers / hashlib.sha256(layer).hexdigest()[:32]
    if not target.exists():
        unfinished = target.with_suffix(".unfinished")
        with zipfile.ZipFile(io.BytesIO(layer)) as archive:
            archive.extractall(unfinished)
        unfinished.rename(target)
    return target


def _reference(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(UNPACKED, f"{folder}{os.linesep}")
    return content.getvalue()


def replace(functions: Collection[str]) -> str:
    """
    Start new processes of these functions in place of those that run.

    The function that was used last comes first. If its new process does not start,
    every old one stays, and the answer says why; otherwise it is empty. The others end
    then, and new ones start one after the other: a request that comes earlier starts
    its own. A request in flight ends in its old process.
    """
    with lambda_runtime._lock:  # noqa: SLF001
        running = {
            key: max(workers, key=lambda worker: worker.last_used)
            for key, workers in lambda_runtime._workers.items()  # noqa: SLF001
            if workers and workers[0].func_name in functions
        }
    used_last = sorted(running.items(), key=lambda item: -item[1].last_used)
    if not used_last:
        return ""
    (key, worker), *others = used_last
    try:
        new = _started(worker)
    except Exception as problem:  # noqa: BLE001 - whatever the function's module raises
        return f"{worker.func_name}: {problem}"
    _put(key, [new])
    for key, _ in others:
        _put(key, [])
    threading.Thread(target=_start_again, args=(others,), daemon=True).start()
    return ""


def _start_again(running: list[tuple[str, Any]]) -> None:
    for key, worker in running:
        try:
            new = _started(worker)
        except Exception:
            logger.exception("%s does not start", worker.func_name)
            continue
        with lambda_runtime._lock:  # noqa: SLF001
            started = lambda_runtime._workers.setdefault(key, [])  # noqa: SLF001
            if not started:
                started.append(new)
                continue
        lambda_runtime.kill_workers([new])  # a request has been quicker


def _started(like: Any) -> Any:  # noqa: ANN401 - MiniStack's own
    """Start one more process of a function; raise if its module cannot be imported."""
    new = lambda_runtime.Worker(like.func_name, like.config, like.code_zip)
    try:
        lambda_runtime.ensure_spawned(new)
    except BaseException:
        lambda_runtime.kill_workers([new])
        raise
    return new


def _put(key: str, workers: list[Any]) -> None:
    """Let these processes answer from now on, and end those before."""
    with lambda_runtime._lock:  # noqa: SLF001
        old = lambda_runtime._workers.pop(key, [])  # noqa: SLF001
        if workers:
            lambda_runtime._workers[key] = workers  # noqa: SLF001
    threading.Thread(target=_end, args=(old,), daemon=True).start()


def _end(workers: list[Any]) -> None:
    """End each of these processes as soon as no request is in it."""
    while workers:
        idle = [each for each in workers if not each.in_use]
        lambda_runtime.kill_workers(idle)
        workers = [each for each in workers if each.in_use]
        time.sleep(POLL_SECONDS)
