"""
The functions' processes in MiniStack: start them faster, and replace them.

It runs in MiniStack's process, as `aws_state.py` does.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ministack.core import lambda_runtime  # type: ignore[import-not-found]
from ministack.services import lambda_svc  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Collection

# At most as many processes start at a time: they share the processors with the rest.
PARALLEL = 4
POLL_SECONDS = 0.1
# The only file of a layer that is unpacked elsewhere: `function_python` reads it.
UNPACKED = "unpacked"


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


def replace(functions: Collection[str]) -> dict[str, str]:
    """
    Start new processes of these functions in place of those that run.

    Return, for each function that had one, why its new process does not start, or "".
    A request in flight ends in its old process, and so does each request until the new
    process has started. If it does not start, the old ones stay.
    """
    with lambda_runtime._lock:  # noqa: SLF001
        running = {
            key: list(workers)
            for key, workers in lambda_runtime._workers.items()  # noqa: SLF001
            if workers and workers[0].func_name in functions
        }
    with ThreadPoolExecutor(PARALLEL) as pool:
        problems = list(pool.map(_replace, running.items()))
    return {
        workers[0].func_name: problem
        for workers, problem in zip(running.values(), problems, strict=True)
    }


def _replace(entry: tuple[str, list[Any]]) -> str:
    key, old = entry
    new = lambda_runtime.Worker(old[0].func_name, old[0].config, old[0].code_zip)
    try:
        lambda_runtime.ensure_spawned(new)
    except Exception as problem:  # noqa: BLE001 - whatever the function's module raises
        lambda_runtime.kill_workers([new])
        return str(problem)
    with lambda_runtime._lock:  # noqa: SLF001
        # Others may have started meanwhile, from the old code or the new.
        old = lambda_runtime._workers.get(key, [])  # noqa: SLF001
        lambda_runtime._workers[key] = [new]  # noqa: SLF001
    threading.Thread(target=_end, args=(old,), daemon=True).start()
    return ""


def _end(workers: list[Any]) -> None:
    """End each of these processes as soon as no request is in it."""
    while workers:
        idle = [each for each in workers if not each.in_use]
        lambda_runtime.kill_workers(idle)
        workers = [each for each in workers if each.in_use]
        time.sleep(POLL_SECONDS)
