"""
A local identity provider that issues an access token for any user, without a password.

It replaces the Cognito user pool or other OIDC issuer that a deployed stack uses. The
API's authorizer finds its keys through the discovery document, as in AWS.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import jwt
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.settings import HOST
from local.stack_file import write_private
from mocktill.loopback_only import LoopbackOnly

if TYPE_CHECKING:
    from starlette.requests import Request

AUDIENCE = "checkout-local"
KEY_ID = "local"
LIFETIME_SECONDS = 12 * 60 * 60


def create_app(issuer: str, key_file: Path | None = None) -> Starlette:
    """Create the provider with a new key pair, or with the one in the file."""
    key = kept_key(key_file) if key_file else new_key()
    public_key = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)

    async def discovery(_request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "issuer": issuer,
                "jwks_uri": f"{issuer}/.well-known/jwks.json",
                "token_endpoint": f"{issuer}/token",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def jwks(_request: Request) -> JSONResponse:
        return JSONResponse(
            {"keys": [{**public_key, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}
        )

    async def token(request: Request) -> JSONResponse:
        form = await request.form()
        subject = str(form.get("sub", "")).strip()
        if not subject:
            return JSONResponse({"error": "The form field 'sub' is missing."}, 400)

        now = int(time.time())
        claims: dict[str, object] = {
            "iss": issuer,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "token_use": "access",
        }
        if email := form.get("email"):
            claims["email"] = email
        # Cognito's claim for a user's groups. The form field may be repeated, or have
        # several groups separated by commas.
        fields = ",".join(str(each) for each in form.getlist("groups"))
        if groups := [name.strip() for name in fields.split(",") if name.strip()]:
            claims["cognito:groups"] = groups
        signed = jwt.encode(claims, key, algorithm="RS256", headers={"kid": KEY_ID})
        return JSONResponse(
            {
                "access_token": signed,
                "token_type": "Bearer",
                "expires_in": LIFETIME_SECONDS,
            }
        )

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", discovery),
            Route("/.well-known/jwks.json", jwks),
            Route("/token", token, methods=["POST"]),
        ],
        # The storefront requests tokens from another origin.
        middleware=[Middleware(CORSMiddleware, allow_origins=["*"])],
    )


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def kept_key(file: Path) -> rsa.RSAPrivateKey:
    """Return the key in the file, which is for its owner only; make it if needed."""
    if not file.exists():
        pem = new_key().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_private(file, pem)
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{file} is no RSA key")
    return key


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--allow-origin", action="append", default=[])
    parser.add_argument("--key-file", type=Path, help="keeps the key that signs")
    options = parser.parse_args()
    app = create_app(f"http://{HOST}:{options.port}", options.key_file)
    guarded = LoopbackOnly(app, origins=frozenset(options.allow_origin))
    uvicorn.run(guarded, host=HOST, port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
