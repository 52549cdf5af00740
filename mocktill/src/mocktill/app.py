"""The sandbox as a web application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import anyio.to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

from . import control, pages, panel, v1
from .sandbox import Sandbox
from .sessions import expire_due

SWEEP_SECONDS = 0.25
# Each hung call and each held redirect occupies one thread.
THREADS = 200


def create_app(sandbox: Sandbox) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        sweeping = asyncio.create_task(_sweep(app))
        yield
        sweeping.cancel()
        app.state.sandbox.stop()

    app = Starlette(
        routes=[*v1.routes(), *control.routes(), *panel.routes(), *pages.routes()],
        lifespan=lifespan,
    )
    app.state.sandbox = sandbox
    return app


async def _sweep(app: Starlette) -> None:
    while True:
        await run_in_threadpool(expire_due, app.state.sandbox)
        await asyncio.sleep(SWEEP_SECONDS)
