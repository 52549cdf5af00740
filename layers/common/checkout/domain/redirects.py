"""Redirects: Stripe may send buyers only to the allowed origins."""

from urllib.parse import urlsplit

LOCAL_HOSTS = frozenset(["localhost", "127.0.0.1", "::1"])
DEFAULT_PORTS = {"https": 443, "http": 80}

type Origin = tuple[str, str, int]


def origin(url: str) -> Origin | None:
    """
    Return scheme, host and port of *url*, None if it can never be allowed.

    Browsers and this parser read some texts differently: backslashes, control
    characters, user parts. Such a text is refused.
    """
    if not url.isascii() or any(c <= " " or c in "\\\x7f" for c in url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname
    if not host or "@" in parts.netloc or "[" in parts.netloc[1:]:
        return None
    # Port 0 is none that a browser opens, and not the default.
    if port is None:
        port = DEFAULT_PORTS.get(parts.scheme, 0)
    if parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL_HOSTS):
        return parts.scheme, host, port
    return None


def is_allowed(url: str, origins: tuple[str, ...]) -> bool:
    """Return whether *url* belongs to one of *origins*."""
    wanted = origin(url)
    return wanted is not None and wanted in map(origin, origins)
