"""How the Stripe SDK's requests travel: by urllib3, which botocore brings already."""

import ssl
from collections.abc import Mapping

import stripe
import urllib3
from urllib3.exceptions import HTTPError, SSLError


class Transport(stripe.HTTPClient):
    """
    One pool of connections, whose certificates are loaded once.

    The SDK's own client needs `requests`, which costs a third of importing the SDK,
    and reads the certificates anew for every connection (docs/adr/0015).
    https://github.com/stripe/stripe-python#configuring-an-http-client
    """

    name = "urllib3"

    def __init__(self, connect_seconds: float, read_seconds: float) -> None:
        super().__init__()
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=connect_seconds, read=read_seconds),
            retries=False,  # the SDK retries, and knows what may be
            ssl_context=ssl.create_default_context(cafile=stripe.ca_bundle_path),
        )

    def request(  # type: ignore[override]  # the SDK passes only these
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: str | None = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """
        Send one request; raises stripe.APIConnectionError if no answer comes.

        Also for what HTTP cannot carry, such as a key with a letter beyond Latin-1.
        """
        try:
            answer = self._pool.request(
                method.upper(), url, headers=headers, body=post_data, redirect=False
            )
        except (HTTPError, ValueError) as error:
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                f"Stripe did not answer: {type(error).__name__}",
                # Neither a certificate nor a header gets better by asking again.
                should_retry=not isinstance(error, SSLError | ValueError),
            ) from error
        return answer.data, answer.status, answer.headers

    def close(self) -> None:
        self._pool.clear()
