"""`make sam-local`: prepares `sam local` to use the running local stack."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from local import sam, settings
from local.console import exit_code_of, say
from local.processes import Processes
from local.sam_local.bridge import gateway, open_bridge
from local.sam_local.events import filled, sample_events, signed
from local.sam_local.functions import adapt, environment, ports
from local.sam_local.payment import buy, new_buyer, token
from local.settings import ROOT
from local.stack_file import running_stack, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Interface
    from pathlib import Path

# A signature is valid for five minutes.
SIGN_AGAIN_SECONDS = 120


def run() -> None:
    stack_folder = settings.folder()
    stack = running_stack(stack_folder)
    address = gateway()
    folder = stack_folder / "sam-local"
    folder.mkdir(exist_ok=True)

    say("Building the functions and their layer: sam build")
    with Processes(folder / "logs") as processes:
        sam.build(processes, folder)
    adapt(folder / "build", stack)
    write(folder / "env.json", environment(stack))

    say("Buying the sample content, to use its ids in the sample events")
    buyer = new_buyer()
    names = {"storefront_url": stack["storefront_url"]}
    if stack["stripe_secret_key"]:  # at Stripe itself, only a person can pay
        names |= buy(stack, buyer)
    (folder / "token").write_text(token(stack, buyer))
    asyncio.run(serve(address, folder, stack, names))


def write_config(folder: Path, name: str, address: str) -> None:
    """Write a configuration file with the options that every `sam local` needs."""
    options = "\n".join(
        f"{name} = {json.dumps(str(value))}"
        for name, value in {
            "template_file": folder / "build/template.yaml",
            "env_vars": folder / "env.json",
            "add_host": f"{name}:{address}",
        }.items()
    )
    (folder / "samconfig.toml").write_text(
        f"version = 0.1\n\n[default.local_invoke.parameters]\n{options}\n"
        f"\n[default.local_start_api.parameters]\n{options}\n"
        'warm_containers = "LAZY"\n'
    )


async def serve(
    address: IPv4Interface | None,
    folder: Path,
    stack: Mapping[str, Any],
    names: Mapping[str, str],
) -> None:
    """Until stopped, forward to the stack and keep Stripe's events freshly signed."""
    if address:
        await open_bridge(address, ports(stack))
    write_config(
        folder, stack["container_host"], str(address.ip) if address else "host-gateway"
    )
    write_events(folder / "events", names, stack["stripe_webhook_secret"])
    print_commands(folder)
    while True:
        await asyncio.sleep(SIGN_AGAIN_SECONDS)
        write_events(folder / "events", names, stack["stripe_webhook_secret"])


def write_events(folder: Path, names: Mapping[str, str], secret: str | None) -> None:
    for sample in sample_events():
        event = filled(sample.read_text(), names)
        file = folder / sample.parent.name / sample.name
        file.parent.mkdir(parents=True, exist_ok=True)
        write(file, signed(event, secret) if secret else event)


def print_commands(folder: Path) -> None:
    here = os.path.relpath(folder, ROOT)
    deployed = json.loads((folder / "env.json").read_text())
    invocations = "\n".join(
        f"  $SAM local invoke $WITH {function} -e $EVENTS/{function}/{file.name}"
        for file in sorted(sample_events())
        if (function := file.parent.name) in deployed
    )
    say(f"""
In another terminal, in this directory:

  SAM={os.path.relpath(sam.SAM, ROOT)} EVENTS={here}/events
  WITH=--config-file={here}/samconfig.toml

{invocations}

  $SAM local start-api $WITH --port 3001
  curl -H "Authorization: Bearer $(cat {here}/token)" http://127.0.0.1:3001/api/purchases

docs/sam-local.md lists what is not emulated. Ctrl-C stops forwarding to the stack.
""")


if __name__ == "__main__":
    sys.exit(exit_code_of(run))
