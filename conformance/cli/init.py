"""`init`: write a target file and a workflow for a server that is running or can be started."""

import argparse
import asyncio
import shlex
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from conformance.engine.discovery import discover
from conformance.engine.world import World
from conformance.errors import InputError
from conformance.loader.suite import Suite, load
from conformance.record.record import Exit
from conformance.record.secrets import Secrets
from conformance.rendering import files
from conformance.rendering.scaffold import OWNER, HookOffer, Learnt, target_file, workflow
from conformance.target.hooks import ADVANCE
from conformance.target.process import NotReady, running
from conformance.target.target import Target
from conformance.target.target_file import from_argument
from conformance.text.streams import complain, say
from conformance.transport import Unreachable

TARGET: Final = Path("target.yaml")
WORKFLOW: Final = Path(".github/workflows/conformance.yml")


def init(arguments: argparse.Namespace) -> int:
    """Write the files, unless one is there already; return the exit status."""
    if arguments.target and "://" not in arguments.target:
        raise InputError(f'expected a ws:// or wss:// URL, not "{arguments.target}"')
    target = from_argument(arguments.target or "", arguments.launch or "")
    folder: Path = arguments.output
    places = (folder / TARGET, folder / WORKFLOW)
    for path in places:
        if path.exists():
            raise InputError(f"{path} is there already; remove it, or name a folder with --output")
    suite = load()
    try:
        learnt = _learnt(suite, target)
    except (NotReady, Unreachable) as error:
        complain(error)
        return Exit.UNREACHABLE
    schema = suite.files.documents["kit/target"]
    hooks = _hooks(suite, schema, learnt.claims)
    texts = (target_file(learnt, hooks, schema["$id"]), workflow(str(TARGET)))
    for path, text in zip(places, texts, strict=True):
        files.check(path, "file")
        files.write(path, text.encode(), "file")
        say(f"written: {path}")
    command = shlex.join(["coda-conformance", "run", str(places[0])])
    say(f"replace {OWNER} in {places[1]} by whoever has your copy of the kit")
    say(f"next: look at {places[0]}, then run: {command}")
    return Exit.CONFORMANT


def _learnt(suite: Suite, target: Target) -> Learnt:
    """Ask a target what it states; start it first if it is not running."""
    with ExitStack() as stack:
        found = target
        if target.command is not None:
            process = stack.enter_context(running(target.command))
            found = target.ready(process.ready())
        world = World(suite, found, (), Secrets(suite.redact, found.secrets, suite.secret_behind))
        asyncio.run(_discover(world))
    numbers = {name: world.variables[name] for name in suite.parameters if name in world.variables}
    return Learnt(
        name=target.name,
        url=target.url,
        argv=target.command.argv if target.command else (),
        claims=tuple(sorted(world.claims)),
        parameters=numbers,
    )


async def _discover(world: World) -> None:
    refused = await discover(world)
    if refused is not None:
        raise Unreachable(refused.reason)


def _hooks(suite: Suite, schema: Mapping[str, Any], claims: Collection[str]) -> list[HookOffer]:
    """Return the hooks that a target file may have, those that most scenarios need first.

    Only the scenarios count that apply to a target with these claims.
    """
    rows = schema["properties"]["hooks"]["properties"]
    waiting = sum(scenario.waits != 0 for scenario in suite.scenarios.values())
    offers = [
        HookOffer(
            name,
            row["description"],
            _needing(suite, name, claims),
            waiting if name == ADVANCE else 0,
        )
        for name, row in rows.items()
    ]
    return sorted(offers, key=lambda row: -row.needed_by)


def _needing(suite: Suite, hook: str, claims: Collection[str]) -> int:
    return sum(
        hook in row.hooks and suite.claims_of(row) <= set(claims)
        for row in suite.scenarios.values()
    )
