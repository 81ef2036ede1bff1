"""Target files: read with the place of every mistake, before anything is started."""

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from shlex import quote
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from conformance.documents import text_file, yaml_source
from conformance.documents.declared import files_of
from conformance.documents.locations import DEFAULT as DEFAULT_SUITE
from conformance.documents.locations import OTHERS, SUITES, home_of
from conformance.documents.validation import header_faults
from conformance.documents.whole_file import is_file
from conformance.documents.yaml_source import Pointer, Source
from conformance.errors import InputError, did_you_mean
from conformance.target import ports, process_group, program, urls
from conformance.target.hooks import ANSWERS_WITHIN, GROUP, Hook
from conformance.target.launch import STARTS_WITHIN, launched
from conformance.target.ready import DEFAULT, Ready
from conformance.target.target import CONNECT_TIMEOUT, Command, Target, checked_url
from conformance.target.waiver import waivers
from conformance.text.escapes import printable
from conformance.text.excerpts import cut

DEMO: Final = Path(__file__).with_name("demo.yaml")
"""The target file of the reference server with short windows and small limits."""

ENVIRONMENT: Final = "env:"

MOST_CERTIFICATES: Final = 4 * 1024 * 1024

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def from_argument(argument: str, launch: str = "", suite: str = "") -> Target:
    """Return the target given on a command line: a URL, or the path of a target file.

    `launch` is the command that starts the server at the URL, in which `{port}` is a free port, and
    `suite` what it is to be judged by, whatever the target file says.
    """
    if launch:
        if "://" not in argument and is_file(Path(argument)):
            raise InputError(f"--launch goes with a URL; put the command into {argument} instead")
        return launched(argument, launch)
    if "://" in argument:
        url = checked_url(argument)
        return Target(url, urlsplit(url).netloc, f"run {urls.shown(url)}")
    path = text_file.possible(argument)
    if path.is_dir() or not path.exists():
        hint = "; it is a folder" if argument and path.is_dir() else ""
        if argument.startswith("-") and " " in argument:
            name, _, value = argument.partition(" ")
            hint = f"; an option and its value are two words, or {name}={value.strip()}"
        elif path.suffix in (".yaml", ".yml"):
            hint = "; there is no such file"
        elif re.fullmatch(r"[\w.-]+:\d+(/\S*)?", argument):
            hint = f"; did you mean ws://{argument}?"
        shown = cut(printable(argument))
        raise InputError(f'"{shown}" is neither a ws:// or wss:// URL nor a target file{hint}')
    return from_file(path, suite=suite)


def from_file(path: Path, *, here: bool = True, suite: str = "") -> Target:
    """Return the target that a YAML file describes (schemas/kit/target.json).

    Unless it is to be used `here`, the programs, certificates and environment variables that it
    names may be missing.
    """
    return from_source(yaml_source.load(path), path, here=here, suite=suite)


def from_source(source: Source, path: Path, *, here: bool, suite: str = "") -> Target:
    """Return the target that the document at a path describes, as `from_file` does."""
    _check_headers(source)
    _check_hooks(source)
    judged_by = suite or suite_of(source, path)
    header_faults(files_of(home_of(judged_by or DEFAULT_SUITE)), "kit/target", source)
    return replace(_target(path, source, here=here), suite=judged_by)


def suite_of(source: Source, path: Path) -> str:
    """Return the folder of the suite that a target file names; empty if it names none.

    Raises `InputError` if there is no such suite.
    """
    named = source.value.get("suite") if isinstance(source.value, dict) else None
    if not isinstance(named, str):
        return ""
    found = named if named in (*SUITES, *OTHERS) else str(path.parent / named)
    try:
        home_of(found)
    except InputError as error:
        raise source.error(error.message, ("suite",)) from None
    return found


def demonstration() -> Target:
    """Return the target of the kit's own file, which its tests check against the schema."""
    return _target(DEMO, yaml_source.load(DEMO), here=True)


def _target(path: Path, source: Source, *, here: bool) -> Target:
    value = source.value
    if "url" not in value and "command" not in value:
        raise source.error("expected a url, or a command that starts the server and prints one")
    headers = value.get("headers", {})
    tls = value.get("tls", {})
    claims = value.get("claims")
    url = _url(value, source)
    folder = path.parent if path.is_file() else Path()  # a pipe's is of no use
    command = _command(value.get("command"), url, folder, source)
    hooks = _hooks(value.get("hooks", {}), command, folder, source)
    if here:
        _check_programs(value, folder, source)
        headers = {key: _resolved(text, key, source) for key, text in headers.items()}
    return Target(
        url=url,
        name=value.get("name", path.stem),
        words=f"run {quote(str(path))}",
        parameters=value.get("parameters", {}),
        claims=None if claims is None else frozenset(claims),
        headers=tuple((key, _checked(text, key, source)) for key, text in headers.items()),
        connect_timeout=value.get("connect_timeout", CONNECT_TIMEOUT),
        verify=tls.get("verify", True),
        ca=_certificates(folder, tls["ca"], source) if here and "ca" in tls else None,
        command=command,
        hooks=hooks,
        waivers=waivers(source),
    )


def _check_headers(source: Source) -> None:
    """Refuse a header that is not text, without quoting it: it may be a credential."""
    rows = source.value.get("headers") if isinstance(source.value, dict) else None
    for name, value in rows.items() if isinstance(rows, dict) else ():
        if not isinstance(value, str):
            raise source.error("a header must be text", ("headers", name))


def _check_hooks(source: Source) -> None:
    """Refuse a hook that is not exactly one of a request and a command."""
    rows = source.value.get("hooks") if isinstance(source.value, dict) else None
    for name, row in rows.items() if isinstance(rows, dict) else ():
        if not isinstance(row, dict) or len({"request", "command"} & row.keys()) != 1:
            expected = "expected {request: URL} or {command: [PROGRAM, ARGUMENT]}"
            raise source.error(f"{name}: {expected}", ("hooks", name))


def _hooks(
    rows: Mapping[str, Mapping[str, Any]], command: Command | None, folder: Path, source: Source
) -> dict[str, Hook]:
    known = command.names if command else frozenset()
    return {name: _hook(name, row, known, folder, source) for name, row in rows.items()}


def _hook(
    name: str, row: Mapping[str, Any], known: Collection[str], folder: Path, source: Source
) -> Hook:
    at = ("hooks", name)
    if "request" in row:
        _check_groups(row["request"], known, source, (*at, "request"))
        _check_request(row["request"], source, (*at, "request"))
    else:
        for i, word in enumerate(row["command"]):
            _check_groups(word, {*known, process_group.PYTHON}, source, (*at, "command", i))
    argv = tuple(row.get("command", ()))
    timeout = row.get("timeout", ANSWERS_WITHIN)
    return Hook(name, row.get("request", ""), argv, folder, source.location(at), timeout)


def _check_groups(text: str, known: Collection[str], source: Source, at: Pointer) -> None:
    """Refuse a `{name}` that the ready line of the command does not have."""
    for name in GROUP.findall(text):
        if name not in known:
            listed = f"known: {', '.join(sorted(known))}" if known else "there is no command"
            hint = did_you_mean(name, known)
            message = f'no group "{name}" is named by the command\'s ready line{hint}; {listed}'
            raise source.error(message, at)


def _check_request(url: str, source: Source, at: Pointer) -> None:
    """Refuse what is not an HTTP URL; one that begins with a group is checked later."""
    if GROUP.match(url):
        return
    try:
        urls.checked(GROUP.sub("1", url), urls.HTTP)
    except InputError as error:
        raise source.error(error.message, at) from None


def _check_programs(value: Mapping[str, Any], folder: Path, source: Source) -> None:
    """Refuse a command that the system could not start."""
    hooks = value.get("hooks", {})
    rows: dict[tuple[str, ...], Any] = {("command", "run"): value.get("command", {}).get("run")}
    rows |= {("hooks", name, "command"): row.get("command") for name, row in hooks.items()}
    for place, argv in rows.items():
        fault = program.fault(argv, folder) if argv else None
        if fault is not None:
            raise source.error(fault.message, (*place, *fault.word))


def _certificates(folder: Path, name: str, source: Source) -> str:
    """Return the certificates in a file, in PEM."""
    at = ("tls", "ca")
    shown = cut(printable(name))
    try:
        path = text_file.possible(str(folder / name))
        if not path.is_file():
            raise InputError("there is no such file" if not path.exists() else "it is not a file")
        text = text_file.read(path, shown, MOST_CERTIFICATES)
        _check_certificates(text)
    except InputError as error:
        message = f"expected a file of CA certificates in PEM, not {shown}: {error.message}"
        raise source.error(message, at) from None
    return text.encode("ascii", "replace").decode()


def _check_certificates(text: str) -> None:
    import ssl

    try:
        data = text.encode("ascii", "replace").decode()
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=data)
    except (ssl.SSLError, ValueError):
        kinds = re.findall("-----BEGIN ([A-Z0-9 ]+)-----", text[:10_000])
        found = f", but {kinds[0]}" if kinds and "CERTIFICATE" not in kinds[0] else ""
        raise InputError(f"it has no readable certificate{found}") from None


def _url(value: Mapping[str, Any], source: Source) -> str:
    run = value.get("command", {}).get("run", ())
    try:
        return ports.checked(value["url"], run) if "url" in value else ""
    except InputError as error:
        raise source.error(error.message, ("url",)) from None


def _command(
    row: Mapping[str, Any] | None, url: str, folder: Path, source: Source
) -> Command | None:
    if row is None:
        return None
    place = source.location(("command", "ready"))
    expression = None if url and "ready" not in row else Ready(row.get("ready", DEFAULT), place)
    return Command(
        argv=tuple(row["run"]),
        ready=expression,
        timeout=row.get("timeout", STARTS_WITHIN),
        folder=folder,
        location=source.location(("command", "run")),
        url=url,
    )


def _resolved(text: str, key: str, source: Source) -> str:
    """Return a header's value; `env:NAME` takes it from the environment instead of the file."""
    name = text.removeprefix(ENVIRONMENT)
    if name == text:
        return text
    if name not in os.environ:
        raise source.error(f"the environment variable {name} is not set", ("headers", key))
    return os.environ[name]


def _checked(text: str, key: str, source: Source) -> str:
    if not _HEADER_NAME.fullmatch(key) or not text.isprintable():
        message = "a header has a name of RFC 9110 and a value without line breaks"
        raise source.error(message, ("headers", key))
    return text
