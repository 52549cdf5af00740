"""Redirects: Stripe may send buyers only to the allowed origins."""

from urllib.parse import urlsplit

from checkout.domain.stripe_limits import LONGEST_URL

LOCAL_HOSTS = frozenset(["localhost", "127.0.0.1", "::1"])
DEFAULT_PORTS = {"https": 443, "http": 80}

type Origin = tuple[str, str, int]


def origin(url: str) -> Origin | None:
    """
    Return scheme, host and port of *url*, None if it can never be allowed.

    Browsers and this parser read some texts differently: backslashes, control
    characters, user parts, text beside the brackets of an IPv6 address. Such a text is
    refused, and so is port 0, which no browser opens.
    """
    if (
        len(url) > LONGEST_URL
        or not url.isascii()
        or any(c <= " " or c in "\\\x7f" for c in url)
    ):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname
    if not host or port == 0 or not _is_plain(parts.netloc):
        return None
    port = port or DEFAULT_PORTS.get(parts.scheme, 0)
    if parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL_HOSTS):
        return parts.scheme, host, port
    return None


def _is_plain(netloc: str) -> bool:
    """Return whether it is a host with at most a port: `a.test:1` or `[::1]:1`."""
    before, bracket, inside = netloc.partition("[")
    if not bracket:
        return not set(netloc) & set("@]%") and netloc.count(":") <= 1
    after = inside.partition("]")[2]
    return not before and (not after or after.startswith(":")) and "@" not in netloc


def is_allowed(
    url: str,
    origins: tuple[str, ...],
    *,
    livemode: bool = False,
    loopback: bool = False,
) -> bool:
    """
    Return whether *url* belongs to one of *origins*; in live mode https only.

    With *loopback*, any port of the shopper's own machine is allowed too, but never in
    live mode: the template's rule says so, and this does not rely on it.
    """
    wanted = origin(url)
    if wanted is None or (livemode and wanted[0] != "https"):
        return False
    if loopback and not livemode and wanted[1] in LOCAL_HOSTS:
        return True
    return wanted in map(origin, origins)
