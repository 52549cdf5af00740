"""
Forwards connections from containers to servers on this machine's loopback address.

Each server gets a listener on this machine's address in the containers' network. Linux
accepts connections to that address from anywhere, including a browser on this machine
and other machines on its network, so the listener accepts only containers.
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

# The default network of each engine.
NETWORKS = {"docker": "bridge", "podman": "podman"}
# From Linux's headers (man 7 ip); the socket module does not define it.
IP_FREEBIND = 15
CHUNK = 65536


def gateway() -> IPv4Interface | None:
    """
    Return the address by which the containers of Docker or Podman reach this machine.

    Return None if containers run in a virtual machine, as with Docker Desktop, which
    forwards `host-gateway` to this machine's loopback itself.
    """
    for engine in filter(shutil.which, NETWORKS):
        if described := output_of(engine, "network", "inspect", NETWORKS[engine]):
            address = gateway_of(json.loads(described)[0])
            virtual = sys.platform != "linux" or (
                "Docker Desktop" in output_of(engine, "info")
            )
            return None if virtual else address
    raise StackError(
        "sam local runs functions in containers, but neither Docker nor Podman "
        "answers. Install or start one of them."
    )


def output_of(engine: str, *arguments: str) -> str:
    """Return the output of an engine's command; empty if it fails."""
    done = subprocess.run(  # noqa: S603 - fixed arguments
        [engine, *arguments], capture_output=True, text=True, check=False
    )
    return "" if done.returncode else done.stdout


def gateway_of(network: dict[str, Any]) -> IPv4Interface:
    """Return the gateway in a network's description by Docker or by Podman."""
    ranges = network.get("subnets") or network["IPAM"]["Config"]
    for each in ({name.lower(): text for name, text in r.items()} for r in ranges):
        subnet = ip_network(each["subnet"])
        if isinstance(subnet, IPv4Network):
            # Docker omits the gateway of a network whose range it chose itself.
            address = each.get("gateway") or next(subnet.hosts())
            return IPv4Interface(f"{address}/{subnet.prefixlen}")
    raise StackError("The containers' network has no IPv4 address.")


async def open_bridge(address: IPv4Interface, ports: Iterable[int]) -> list[Server]:
    """Listen on the ports of *address*, and forward to the same ports of loopback."""
    return [
        await asyncio.start_server(
            partial(forward, address, port), sock=listen(str(address.ip), port)
        )
        for port in ports
    ]


def listen(address: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Podman assigns the address only while a container is on the network.
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
    """Return whether *peer* is on the containers' network and not this machine."""
    return ip_address(peer) in address.network and ip_address(peer) != address.ip


async def copy(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()
