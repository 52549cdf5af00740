"""
Lets containers reach servers that listen on this machine's loopback alone.

Each server gets a listener on the address that the containers' network has for this
machine. Linux answers on it whoever can send packets there, a browser of this machine
and another machine of its network among them, so only containers are let through.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from functools import partial
from ipaddress import IPv4Interface, IPv4Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from local.settings import HOST, StackError

if TYPE_CHECKING:
    from asyncio import Server, StreamReader, StreamWriter
    from collections.abc import Iterable

# The network that containers are on if nobody says otherwise.
NETWORKS = {"docker": "bridge", "podman": "podman"}
# Linux's own number; the socket module has no name for it. man 7 ip
IP_FREEBIND = 15
CHUNK = 65536


def gateway() -> IPv4Interface | None:
    """
    Ask Docker, or Podman, by what address its containers reach this machine.

    There is none where they live in a virtual machine, as with Docker Desktop, which
    leads `host-gateway` to this machine's loopback by itself.
    """
    for engine in filter(shutil.which, NETWORKS):
        if described := ask(engine, "network", "inspect", NETWORKS[engine]):
            address = gateway_of(json.loads(described)[0])
            virtual = sys.platform != "linux" or "Docker Desktop" in ask(engine, "info")
            return None if virtual else address
    raise StackError(
        "sam local runs functions in containers, and neither Docker nor Podman answers "
        "here: install one, or start it."
    )


def ask(engine: str, *question: str) -> str:
    """Return what the engine answers; nothing if it does not."""
    asked = subprocess.run(  # noqa: S603 - fixed words
        [engine, *question], capture_output=True, text=True, check=False
    )
    return "" if asked.returncode else asked.stdout


def gateway_of(network: dict[str, Any]) -> IPv4Interface:
    """Read what an engine says of a network, Docker in one way, Podman in another."""
    ranges = network.get("subnets") or network["IPAM"]["Config"]
    for each in ({name.lower(): text for name, text in r.items()} for r in ranges):
        subnet = ip_network(each["subnet"])
        if isinstance(subnet, IPv4Network):
            # Docker does not name the gateway of a network that it chose by itself.
            address = each.get("gateway") or next(subnet.hosts())
            return IPv4Interface(f"{address}/{subnet.prefixlen}")
    raise StackError("The containers' network has no IPv4 address.")


async def open_bridge(address: IPv4Interface, ports: Iterable[int]) -> list[Server]:
    """Lead the network's containers from these ports of *address* to the loopback's."""
    return [
        await asyncio.start_server(
            partial(forward, address, port), sock=listen(str(address.ip), port)
        )
        for port in ports
    ]


def listen(address: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Podman's network has its address only while a container is on it.
    listener.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise StackError(
            f"Cannot listen for containers on {address}:{port}: {error}"
        ) from error
    return listener


async def forward(
    address: IPv4Interface, port: int, reader: StreamReader, writer: StreamWriter
) -> None:
    if not is_a_container(writer.get_extra_info("peername")[0], address):
        writer.close()
        return
    try:
        there, back = await asyncio.open_connection(HOST, port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(copy(reader, back), copy(there, writer))


def is_a_container(peer: str, address: IPv4Interface) -> bool:
    """Say whether *peer* is on the containers' network, and not this machine itself."""
    return ip_address(peer) in address.network and ip_address(peer) != address.ip


async def copy(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()
