"""Target files like others, with something changed."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml


def altered(path: Path, folder: Path, options: Mapping[str, float], *without: str) -> str:
    """A target file with other options for its server, and without some of its hooks."""
    target = yaml.safe_load(path.read_text(encoding="utf-8"))
    words = [word for word in target["command"]["run"] if word[2:].split("=")[0] not in options]
    words = [str(path.parent / word) if word.endswith(".mjs") else word for word in words]
    target["command"]["run"] = words + [f"--{name}={value}" for name, value in options.items()]
    for name in without:
        del target["hooks"][name]
    written = folder / "target.yaml"
    written.write_text(yaml.safe_dump(target), encoding="utf-8")
    return str(written)


def with_waivers(path: Path, fault: str, rows: Iterable[tuple[str, str]]) -> None:
    """Write the target file of a server with one fault, with waivers until these days."""
    command = ["{python}", "-m", "conformance.selftest", fault, "--port=0"]
    waivers = [{"id": name, "reason": "#7: not yet", "expires": day} for name, day in rows]
    text = json.dumps({"name": "faulty", "command": {"run": command}, "waivers": waivers}, indent=1)
    path.write_text(text, encoding="utf-8")
