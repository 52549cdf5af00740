"""
Lets containers reach servers that listen on this machine's loopback alone.

Each server gets a listener on the address that the containers' network has for this
machine: they reach it, the world outside does not.
"""

from __future__ import annotations

import asyncio
import errno
import json
import shutil
import socket
import subprocess
from contextlib import suppress
from functools import partial
from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING, Any

from local.settings import HOST, StackError

if TYPE_CHECKING:
    from asyncio import Server, StreamReader, StreamWriter
    from collections.abc import Iterable

# The network that containers are on if nobody says otherwise.
NETWORKS = {"docker": "bridge", "podman": "podman"}
CHUNK = 65536


def gateway() -> str:
    """Ask Docker, or Podman, by what address its containers reach this machine."""
    for engine in filter(shutil.which, NETWORKS):
        asked = subprocess.run(  # noqa: S603 - fixed words
            [engine, "network", "inspect", NETWORKS[engine]],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode == 0:
            return gateway_of(json.loads(asked.stdout)[0])
    raise StackError(
        "sam local runs functions in containers, and neither Docker nor Podman answers "
        "here: install one, or start it."
    )


def gateway_of(network: dict[str, Any]) -> str:
    """Read what an engine says of a network, Docker in one way, Podman in another."""
    ranges = network.get("subnets") or network["IPAM"]["Config"]
    for each in ({name.lower(): text for name, text in r.items()} for r in ranges):
        subnet = ip_network(each["subnet"])
        if isinstance(subnet, IPv4Network):
            # Docker does not name the gateway of a network that it chose by itself.
            return str(each.get("gateway") or next(subnet.hosts()))
    raise StackError("The containers' network has no IPv4 address.")


async def open_bridge(address: str, ports: Iterable[int]) -> list[Server]:
    """
    Forward these ports of *address* to the same ports of the loopback.

    Where the containers live in a virtual machine, as with Docker Desktop, the address
    is none of this machine's, and they reach its loopback without us.
    """
    try:
        listeners = {port: socket.create_server((address, port)) for port in ports}
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return []
        raise StackError(f"Cannot listen for containers: {error}") from error
    return [
        await asyncio.start_server(partial(forward, port), sock=listener)
        for port, listener in listeners.items()
    ]


async def forward(port: int, reader: StreamReader, writer: StreamWriter) -> None:
    try:
        there, back = await asyncio.open_connection(HOST, port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(copy(reader, back), copy(there, writer))


async def copy(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()
