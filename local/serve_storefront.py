"""Serves the sample storefront, its configuration and its admin routes."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from local import admin
from local.settings import HOST, ROOT
from mocktill.loopback_only import LoopbackOnly

if TYPE_CHECKING:
    from starlette.requests import Request

STOREFRONT = Path(__file__).with_name("storefront")
CLIENT = ROOT / "clients/typescript/dist"
# A frontend of the developer's own reads these from its own port. The guard has refused
# the pages of other sites.
TO_EVERY_PAGE = {"Access-Control-Allow-Origin": "*"}
# The paths that links from other sites may open, such as Stripe's payment page.
PAGES = re.compile(r"/(?!admin/).*")
# Those beside the shop.
DOCUMENTS = {"follow": "follow.html", "api-docs": "api-docs.html"}


def create_app(config_file: Path, stack_file: Path) -> Starlette:
    files = StaticFiles(directory=STOREFRONT)

    def config(_request: Request) -> Response:
        if not config_file.exists():
            starting = {"error": "The stack is still starting."}
            return JSONResponse(starting, 503, TO_EVERY_PAGE)
        headers = {"Cache-Control": "no-store", **TO_EVERY_PAGE}
        return FileResponse(config_file, headers=headers)

    async def page(request: Request) -> Response:
        path = request.path_params["path"]
        # The page's script decides what to show at a path that is not a file.
        if not Path(path).suffix:
            return FileResponse(STOREFRONT / DOCUMENTS.get(path, "index.html"))
        return await files.get_response(path, request.scope)

    return Starlette(
        routes=[
            Route("/config.json", config),
            Mount("/client", CORSMiddleware(StaticFiles(directory=CLIENT), ["*"])),
            Mount("/admin", routes=admin.routes(stack_file)),
            Route("/{path:path}", page),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--stack", type=Path, required=True)
    parser.add_argument("--allow-origin", action="append", default=[])
    options = parser.parse_args()
    app = create_app(options.config, options.stack)
    guarded = LoopbackOnly(app, pages=PAGES, origins=frozenset(options.allow_origin))
    uvicorn.run(guarded, host=HOST, port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
