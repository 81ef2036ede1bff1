"""The test vectors, computed with Python's libraries; JavaScript computes them a second time."""

import hashlib
import hmac
import json
import re
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import idna
import pytest
import rfc8785
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "spec" / "vectors"
FILES = sorted(path.name for path in VECTORS.glob("*.json"))
MEMBERS = {
    "audience.json": {"name", "url", "audience"},
    "back-off.json": {"name", "failures", "least", "from", "to"},
    "canonical-json.json": {"name", "input", "canonical"},
    "dedup-key.json": {"name", "message_type", "message_data", "canonical", "sha256"},
    "hmac-proof.json": {
        "name", "secret", "nonce", "token_id", "audience", "message_hex", "proof",
    },
    "refresh-secret.json": {"name", "secret", "nonce", "message_hex", "new_secret"},
}  # fmt: skip
DEFAULT_PORTS = {"ws": 80, "wss": 443}


def vectors(file: str) -> list[dict[str, Any]]:
    found = json.loads((VECTORS / file).read_text("utf-8"))["vectors"]
    assert isinstance(found, list)
    return found


def each(file: str) -> pytest.MarkDecorator:
    """Return a mark that runs a test with every vector of a file."""
    return pytest.mark.parametrize("vector", vectors(file), ids=lambda vector: vector["name"])


def hmac_hex(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode("ascii"), message, hashlib.sha256).hexdigest()


def audience(url: str) -> str:
    """Return the origin of a ws or wss URL, as the URL Standard serialises it."""
    parts = urlsplit(url)
    host = unquote(parts.hostname or "")
    host = f"[{ipv6(host)}]" if ":" in host else name_or_ipv4(host)
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def ipv6(host: str) -> str:
    """Return an IPv6 address in hexadecimal, with the first longest run of zeros left out."""
    packed = IPv6Address(host).packed
    pieces = [f"{packed[i] << 8 | packed[i + 1]:x}" for i in range(0, 16, 2)]
    runs = [run.span() for run in re.finditer(r"(?<!\S)0(?: 0)+(?!\S)", " ".join(pieces))]
    if not runs:
        return ":".join(pieces)
    start, end = max(runs, key=lambda run: run[1] - run[0])
    text = " ".join(pieces)
    return ":".join(text[:start].split()) + "::" + ":".join(text[end:].split())


def name_or_ipv4(host: str) -> str:
    """Return a name in its ASCII form, or the IPv4 address that it spells."""
    if not host.isascii():
        host = idna.encode(host, uts46=True, transitional=False).decode("ascii")
    labels = host.lower().removesuffix(".").split(".")
    if not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        return host.lower()
    *heads, last = [number(label) for label in labels]
    value = last + sum(head << 8 * (3 - place) for place, head in enumerate(heads))
    return ".".join(str(byte) for byte in value.to_bytes(4, "big"))


def number(text: str) -> int:
    """Return a part of an IPv4 address, in hexadecimal, octal or decimal."""
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8 if len(text) > 1 and text.startswith("0") else 10)


def definition(name: str) -> Draft202012Validator:
    """Return the validator of a definition that needs no other."""
    schemas = ROOT / "schemas"
    files = ("credentials.json", "common.json")
    known = [json.loads((schemas / file).read_text("utf-8"))["$defs"] for file in files]
    return Draft202012Validator({**known[1], **known[0]}[name])


@each("canonical-json.json")
def test_a_json_text_has_this_canonical_form(vector: dict[str, Any]) -> None:
    assert rfc8785.dumps(json.loads(vector["input"])).decode("utf-8") == vector["canonical"]


@each("canonical-json.json")
def test_a_canonical_form_is_its_own(vector: dict[str, Any]) -> None:
    value = json.loads(vector["canonical"], parse_int=float)
    assert rfc8785.dumps(value).decode("utf-8") == vector["canonical"]


@each("dedup-key.json")
def test_a_content_has_this_canonical_form_and_this_hash(vector: dict[str, Any]) -> None:
    content = {"data": json.loads(vector["message_data"]), "type": vector["message_type"]}
    form = rfc8785.dumps(content)
    assert form.decode("utf-8") == vector["canonical"]
    assert hashlib.sha256(form).hexdigest() == vector["sha256"]


@each("hmac-proof.json")
def test_a_proof_is_the_hmac_of_four_lines(vector: dict[str, Any]) -> None:
    lines = ["coda.v1 auth", vector["nonce"], vector["token_id"], vector["audience"]]
    message = "\n".join(lines).encode("ascii")
    assert message.hex() == vector["message_hex"]
    assert hmac_hex(vector["secret"], message) == vector["proof"]


@each("refresh-secret.json")
def test_a_new_secret_is_the_hmac_of_two_lines(vector: dict[str, Any]) -> None:
    message = f"coda.v1 refresh\n{vector['nonce']}".encode("ascii")
    assert message.hex() == vector["message_hex"]
    assert hmac_hex(vector["secret"], message) == vector["new_secret"]


@each("audience.json")
def test_a_url_has_this_audience(vector: dict[str, Any]) -> None:
    assert audience(vector["url"]) == vector["audience"]
    assert audience(vector["audience"]) == vector["audience"]


@each("back-off.json")
def test_a_wait_has_these_bounds(vector: dict[str, Any]) -> None:
    before = vector["failures"] - 1
    assert vector["least"] == min(10, 1.5 ** min(before, 10))
    assert vector["from"] == min(30, 2**before)
    assert vector["to"] == 1.5 * vector["from"]
    assert vector["least"] <= vector["from"]


def test_the_waits_that_the_chapter_names_are_among_the_vectors() -> None:
    chapter = " ".join((ROOT / "spec" / "clients.md").read_text("utf-8").split())
    known = {vector["failures"]: vector for vector in vectors("back-off.json")}
    shown = re.search(
        r"protects the server, whatever the policy: ([^a-z]+), then 10\.",
        chapter.replace("second", ""),
    )
    assert shown is not None
    numbers = [float(text) for text in re.findall(r"[0-9.]+", shown[1])]
    assert numbers == [round(known[k]["least"], 2 if k < 4 else 1) for k in range(1, 7)]
    for k, (low, high) in {1: ("1", "1.5"), 2: ("2", "3"), 6: ("30", "45")}.items():
        assert f"{low} to {high}" in chapter
        assert (known[k]["from"], known[k]["to"]) == (float(low), float(high))


@each("audience.json")
def test_an_audience_satisfies_its_schema(vector: dict[str, Any]) -> None:
    assert definition("audience").is_valid(vector["audience"])


@each("hmac-proof.json")
def test_the_parts_of_a_proof_satisfy_their_schemas(vector: dict[str, Any]) -> None:
    for name in ("audience", "nonce", "proof", "token_id"):
        assert definition(name).is_valid(vector[name]), name


@pytest.mark.parametrize("file", ["hmac-proof.json", "refresh-secret.json"])
def test_every_secret_has_the_shape_of_one(file: str) -> None:
    for vector in vectors(file):
        secrets = [vector["secret"], vector.get("new_secret", vector["secret"])]
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{43,}", secret) for secret in secrets)


def test_a_chain_of_refreshes_ends_in_a_proof() -> None:
    refreshed = {vector["new_secret"] for vector in vectors("refresh-secret.json")}
    assert refreshed & {vector["secret"] for vector in vectors("refresh-secret.json")}
    assert refreshed & {vector["secret"] for vector in vectors("hmac-proof.json")}


@pytest.mark.parametrize("file", FILES)
def test_a_file_has_six_or_more_vectors_with_names_of_their_own(file: str) -> None:
    found = vectors(file)
    assert len(found) >= 6
    assert len({vector["name"] for vector in found}) == len(found)
    assert all(vector.keys() == MEMBERS[file] for vector in found)


def test_the_readme_lists_every_file_of_vectors() -> None:
    readme = (VECTORS / "README.md").read_text("utf-8")
    assert re.findall(r"^\| \[`([a-z-]+\.json)`\]\(\1\)", readme, flags=re.MULTILINE) == [
        "canonical-json.json",
        "dedup-key.json",
        "hmac-proof.json",
        "refresh-secret.json",
        "audience.json",
        "back-off.json",
    ]
    assert set(FILES) == set(MEMBERS)


def test_the_links_of_the_readme_resolve() -> None:
    readme = (VECTORS / "README.md").read_text("utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", readme):
        name, _, fragment = link.partition("#")
        text = (VECTORS / name).read_text("utf-8")
        headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
        slugs = {title.lower().replace(" ", "-") for title in headings}
        assert not fragment or f'<a id="{fragment}"></a>' in text or fragment in slugs, link


def test_the_examples_of_the_chapter_are_among_the_vectors() -> None:
    chapter = (ROOT / "spec" / "access-tokens.md").read_text("utf-8")
    proof, secret = vectors("hmac-proof.json")[0], vectors("refresh-secret.json")[0]
    for value in (proof["secret"], proof["nonce"], proof["token_id"], proof["proof"]):
        assert value in chapter
    assert bytes.fromhex(proof["message_hex"]).decode("ascii") in chapter
    assert secret["nonce"] in chapter
    assert f"kitchen-2.{secret['new_secret']}" in chapter


def test_the_audiences_that_the_chapter_shows_are_right() -> None:
    chapter = (ROOT / "spec" / "access-tokens.md").read_text("utf-8")
    shown = re.findall(r"^\| `(\w+://[^`]+)` \| `([^`]+)` \|$", chapter, flags=re.MULTILINE)
    assert len(shown) == 3
    assert all(audience(url) == expected for url, expected in shown)
