"""The options of the commands, each group by a function that adds it to a parser."""

import argparse
from pathlib import Path
from typing import Final

from conformance.cli import judging_options, values
from conformance.cli.parser import Gathered, Parser
from conformance.text.durations import seconds

KINDS: Final = ("target", "baseline", "scenario", "procedure")
"""The kinds of files that people write for the kit."""


def colour(parser: Parser, default: str = argparse.SUPPRESS) -> None:
    """Add `--color`."""
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default=default,
        help="use colours (default: if the output is a terminal that takes them)",
    )


def run(parser: Parser) -> None:
    """Add the arguments of `run`."""
    _target(parser)
    _selection(parser)
    parser.set_defaults(usual_target=None)
    _run_options(parser)


def run_variables(parser: Parser) -> None:
    """Add what variables may set for `run`: its options and the target."""
    parser.add_argument("--target", dest="usual_target", type=values.target)
    _run_options(parser)


def _run_options(parser: Parser) -> None:
    judging_options.filters(parser)
    judging_options.launch(parser)
    judging_options.how(parser)


def client(parser: Parser) -> None:
    """Add the arguments of `client`."""
    parser.add_argument(
        "target", nargs="?", type=values.target, metavar="TARGET", help="a target file of a client"
    )
    _selection(parser)
    client_options(parser)


def client_options(parser: Parser) -> None:
    """Add the options of `client`."""
    judging_options.filters(parser)
    parser.add_argument(
        "--launch",
        metavar="COMMAND",
        help='the command that starts the client, such as "node client.js {url}"; {url} is where '
        "it is to connect",
    )
    parser.add_argument(
        "--listen",
        type=values.port,
        metavar="PORT",
        help="wait at this port for a client that is started by hand, scenario after scenario",
    )
    judging_options.how(
        parser,
        connecting="timeout for the connection of a client (default 20, with --listen 300)",
        forcing="judge the client even if it does not connect",
    )


def explore(parser: Parser) -> None:
    """Add the arguments of `explore`."""
    _target(parser)
    parser.add_argument(
        "selection",
        nargs="*",
        default=[],
        metavar="DIALOGUE",
        help="play only this dialogue again, such as explored/1-17",
    )
    parser.set_defaults(usual_target=None, **_UNUSED)
    explore_options(parser)


def explore_variables(parser: Parser) -> None:
    """Add what variables may set for `explore`: its options and the target."""
    parser.add_argument("--target", dest="usual_target", type=values.target)
    explore_options(parser)


_UNUSED: Final = {
    "profile": (), "exclude": (), "baseline": None, "requirements": None, "failed": None,
    "schedule": False, "transcripts": False,
}  # fmt: skip
"""Options of `run` that `explore` does not have, unset."""


def explore_options(parser: Parser) -> None:
    """Add the options of `explore`."""
    judging_options.launch(parser)
    judging_options.suite(parser)
    judging_options.output(parser)
    judging_options.without_reports(parser)
    parser.add_argument(
        "--seconds", type=seconds, metavar="N", help="explore for N seconds (default 60)"
    )
    parser.add_argument(
        "--dialogues", type=values.large_count, metavar="N", help="play N dialogues"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of the dialogues (default 1)"
    )
    parser.add_argument(
        "--gate",
        action="store_true",
        default=False,
        help="end with status 1 if a MUST is broken (default: 0)",
    )
    parser.add_argument(
        "--scenarios",
        type=values.path,
        default=Path("coda-report/explored"),
        metavar="FOLDER",
        help="where to write what is found as scenarios (default coda-report/explored)",
    )
    judging_options.pace(parser)


def demo(parser: Parser) -> None:
    """Add the arguments of `demo`."""
    _selection(parser)
    demo_options(parser)


def demo_options(parser: Parser) -> None:
    """Add the options of `demo`."""
    judging_options.filters(parser)
    judging_options.how(parser)


def init(parser: Parser) -> None:
    """Add the arguments of `init`."""
    parser.add_argument("target", nargs="?", metavar="URL", help="a ws:// or wss:// URL")
    judging_options.launch(parser)
    parser.add_argument(
        "--output", type=values.path, default=Path(), metavar="FOLDER", help="where (default: here)"
    )


def list_(parser: Parser) -> None:
    """Add the arguments of `list`."""
    _selection(parser)
    judging_options.filters(parser)
    parser.add_argument(
        "--requirements",
        action="store_true",
        help="list the requirements and how many checks test each",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.add_argument(
        "--clients", action="store_true", help="list what clients are judged by, not servers"
    )
    judging_options.suite(parser)


def explain(parser: Parser) -> None:
    """Add the arguments of `explain`."""
    parser.add_argument(
        "term",
        nargs="?",
        metavar="WORD",
        help="such as DEDUP-04, id_conflict or 4408 (default: list the kinds of words)",
    )
    judging_options.suite(parser)


def schema(parser: Parser) -> None:
    """Add the arguments of `schema`."""
    parser.add_argument(
        "name", nargs="?", help="such as error or events/stt_start (default: list all)"
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="print the file as it is, with references to others and examples of what is invalid",
    )
    parser.add_argument("--bundle", action="store_true", help="print all of them as one document")
    judging_options.suite(parser)


def check(parser: Parser) -> None:
    """Add the arguments of `check`."""
    parser.add_argument(
        "files",
        nargs="+",
        type=values.source,
        metavar="FILE",
        help="a target file, a baseline, a scenario, a procedure, or the folder of a suite; - is "
        "the standard input",
    )
    parser.add_argument(
        "--kind", choices=KINDS, help="what every FILE is (default: what its members tell)"
    )
    judging_options.suite(parser)


def new(parser: Parser) -> None:
    """Add the arguments of `new`."""
    parser.add_argument(
        "kind", choices=("suite", "scenario"), metavar="KIND", help="suite or scenario"
    )
    parser.add_argument(
        "path",
        type=values.path,
        metavar="PATH",
        help="the folder of the suite, or SUITE/scenarios/AREA/NAME.yaml",
    )
    parser.add_argument(
        "--requirement",
        default="",
        metavar="ID",
        help="what the scenario judges (default: the first requirement of the suite)",
    )
    parser.add_argument(
        "--trust-code", action="store_true", help="run the Python code of the suite"
    )


def completion(parser: Parser) -> None:
    """Add the arguments of `completion`."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish", "tcsh"), metavar="SHELL")


def selftest(parser: Parser) -> None:
    """Add the arguments of `selftest`."""
    parser.add_argument(
        "selection",
        nargs="*",
        default=[],
        metavar="SELECTION",
        help="prefix of the id of a fault or of the requirement that it breaks; with --legal, of a "
        "variant",
    )
    parser.add_argument(
        "--legal",
        action="store_true",
        help="run the whole suite against servers that conform in other ways",
    )
    parser.add_argument("--clients", action="store_true", help="judge clients instead of servers")
    parser.add_argument(
        "--sample", type=values.large_count, metavar="N", help="run only a sample of N"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of the sample (default 1)"
    )
    parser.add_argument(
        "--faults",
        type=values.path,
        metavar="FOLDER",
        help="folder of YAML files with faults or legal variants (default: the kit's own)",
    )
    parser.add_argument(
        "--scope",
        choices=("requirement", "chapter", "suite"),
        default="requirement",
        help="run the scenarios of the broken requirement (default) or its chapter, or the whole "
        "suite",
    )
    parser.add_argument(
        "--report",
        action=Gathered,
        default=(),
        metavar="FORMAT=PATH",
        help="write the kill matrix: json=PATH or markdown=PATH; may be repeated",
    )
    parser.add_argument(
        "--jobs",
        type=values.count,
        metavar="N",
        help="servers to test at once (default: 8 per processor; with --legal, 1)",
    )
    parser.add_argument("--quiet", action="store_true", help="print only failures and the verdict")


def _target(parser: Parser) -> None:
    parser.add_argument(
        "target",
        nargs="?",
        type=values.target,
        metavar="TARGET",
        help="a ws:// or wss:// URL, or a target file; - is the standard input",
    )


def _selection(parser: Parser) -> None:
    parser.add_argument(
        "selection",
        nargs="*",
        default=[],
        metavar="SELECTION",
        help="the id of a scenario, form, passive check or requirement, its beginning, or a "
        "pattern, such as deduplication, forms/escaped, AUTH-0 or '*/*-window'",
    )
