"""The arguments of the command line: each command with its options."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from conformance import __version__
from conformance.errors import InputError

FORMATS: Final = ("html", "json", "markdown", "junit", "ctrf", "github", "badge", "svg")
"""The formats of reports, as the help lists them."""

EXITS = """\
exit status:
  0  conformant, or no change from   3  incomplete: something is inconclusive
     the --baseline                     or flaky
  1  a MUST is broken, or the        4  the target cannot be reached, or does
     --baseline does not match          not look like one of this protocol
  2  usage error, nothing selected,  5  a fault of the kit itself
     or a report cannot be written
  130  interrupted (the reports are still written)
"""


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments; a selection may come before or after the options."""
    parser = _parser()
    arguments, rest = parser.parse_known_args(argv)
    if rest and ("selection" not in arguments or any(word.startswith("-") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        arguments.selection += rest
    needs_target = arguments.command in ("run", "init")
    if needs_target and arguments.target is None and not arguments.launch:
        what = "a TARGET" if arguments.command == "run" else "a URL"
        parser.error(
            f"{arguments.command} needs {what}, or --launch with the command that starts it"
        )
    return arguments


class _Parser(argparse.ArgumentParser):
    """A parser whose help has no colours, whatever the Python version and environment."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.color = False


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="coda-conformance",
        description="Test servers for conformance with a WebSocket protocol.",
        epilog=EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"coda-conformance {__version__}")
    _add_colour(parser, "auto")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", help="test a server for conformance"))
    _add_demo(commands.add_parser("demo", help="test the reference server, to see a report"))
    _add_init(commands.add_parser("init", help="write a target file and a workflow for a server"))
    _add_baseline(commands.add_parser("baseline", help="record the known failures of a target"))
    _add_diff(commands.add_parser("diff", help="show what differs between two reports"))
    _add_report(commands.add_parser("report", help="render a JSON report again"))
    _add_show(commands.add_parser("show", help="print one dialogue of a JSON report"))
    _add_compare(commands.add_parser("compare", help="put several JSON reports side by side"))
    listing = commands.add_parser("list", help="list the scenarios or the requirements")
    _add_selection(listing)
    listing.add_argument(
        "--requirements",
        action="store_true",
        help="list the requirements and how many checks test each",
    )
    explaining = commands.add_parser("explain", help="explain a requirement, scenario or form")
    explaining.add_argument("id", help="such as DEDUP-04 or errors/words-are-no-json")
    _add_selftest(commands.add_parser("selftest", help="show that every check can fail"))
    schema = commands.add_parser("schema", help="print a JSON Schema of the protocol")
    schema.add_argument(
        "name", nargs="?", help="such as error or events/stt_start (default: list all)"
    )
    schema.add_argument("--bundle", action="store_true", help="print all of them as one document")
    for command in commands.choices.values():
        _add_colour(command, argparse.SUPPRESS)
    return parser


def _add_colour(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default=default,
        help="use colours (default: if the output is a terminal that takes them)",
    )


def _add_selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "selection",
        nargs="*",
        default=[],
        metavar="SELECTION",
        help="prefix of the id of a scenario, form, passive check or requirement, such as "
        "deduplication, forms/escaped, passive/seq or AUTH-0",
    )
    parser.add_argument(
        "--profile",
        action="append",
        default=[],
        metavar="NAME",
        help="test only this profile; may be repeated",
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", nargs="?", metavar="TARGET", help="a ws:// or wss:// URL, or a target file"
    )
    _add_selection(parser)
    _add_launch(parser)
    _add_how(parser)


def _add_launch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--launch",
        metavar="COMMAND",
        help='start the server first, such as "node server.js --port {port}"; {port} is a free '
        "port, in the URL as well (default ws://127.0.0.1:{port}/)",
    )


def _add_init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", metavar="URL", help="a ws:// or wss:// URL")
    _add_launch(parser)
    parser.add_argument(
        "--output", type=_path, default=Path(), metavar="FOLDER", help="where (default: here)"
    )


def _add_demo(parser: argparse.ArgumentParser) -> None:
    _add_selection(parser)
    _add_how(parser)


def _add_selftest(parser: argparse.ArgumentParser) -> None:
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
    parser.add_argument("--sample", type=_sample, metavar="N", help="run only a sample of N")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of the sample (default 1)"
    )
    parser.add_argument(
        "--faults",
        type=_path,
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
        action="append",
        default=[],
        metavar="FORMAT=PATH",
        help="write the kill matrix: json=PATH or markdown=PATH; may be repeated",
    )
    parser.add_argument(
        "--jobs",
        type=_count,
        metavar="N",
        help="servers to test at once (default: 8 per processor; with --legal, 1)",
    )
    parser.add_argument("--quiet", action="store_true", help="print only failures and the verdict")


def _add_baseline(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "report", type=_path, metavar="REPORT.json", help="the JSON report of a whole run"
    )
    parser.add_argument(
        "--output",
        type=_path,
        required=True,
        metavar="FILE",
        help="the baseline to write; an existing one is updated",
    )
    parser.add_argument(
        "--reason", default="", metavar="TEXT", help="why the new entries are known failures"
    )
    parser.add_argument(
        "--expires",
        metavar="DATE",
        help="the last day on which the new entries count as known, such as 2027-03-31",
    )


def _add_diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("old", type=_path, metavar="OLD.json", help="a JSON report")
    parser.add_argument("new", type=_path, metavar="NEW.json", help="a later JSON report")


def _add_report(parser: argparse.ArgumentParser) -> None:
    _add_stored(parser)
    _add_output(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="print only the verdict")


def _add_show(parser: argparse.ArgumentParser) -> None:
    _add_stored(parser)
    parser.add_argument("id", metavar="ID", help="such as errors/words-are-no-json")


def _add_compare(parser: argparse.ArgumentParser) -> None:
    _add_stored(parser, nargs="+")
    parser.add_argument(
        "--all", action="store_true", help="list all requirements, not only those that differ"
    )


def _add_stored(parser: argparse.ArgumentParser, **options: Any) -> None:
    name = "REPORT.json"
    parser.add_argument("stored", type=_path, metavar=name, help="a JSON report", **options)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="FORMAT=PATH",
        help=f"write a report: {', '.join(FORMATS)}; may be repeated; - is the standard output",
    )
    for name in FORMATS:
        parser.add_argument(
            f"--{name}",
            dest="report",
            action="append",
            type=f"{name}={{}}".format,
            metavar="PATH",
            help=f"the same as --report {name}=PATH",
        )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="show all causes, and the transcripts"
    )


def _add_how(parser: argparse.ArgumentParser) -> None:
    _add_output(parser)
    parser.add_argument(
        "--no-report",
        action="store_true",
        help="write no report (default: coda-report/report.json and .html)",
    )
    parser.add_argument(
        "--failed",
        type=_path,
        metavar="REPORT.json",
        help="run only what failed in this report",
    )
    parser.add_argument(
        "--baseline",
        type=_path,
        metavar="FILE",
        help="known failures; the run fails only if it finds others or an entry is wrong",
    )
    parser.add_argument(
        "--jobs", type=_count, default=16, metavar="N", help="scenarios to run at once (default 16)"
    )
    parser.add_argument(
        "--retries",
        type=_retries,
        default=2,
        metavar="N",
        help="how many times to rerun failures, one at a time, to detect flakiness (default 2)",
    )
    parser.add_argument(
        "--forms",
        choices=("drawn", "all", "none"),
        default="drawn",
        help="play each scenario again in one other form (default), in all forms, or in none",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed that picks the forms (default 1)"
    )
    parser.add_argument(
        "--max-wait",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="longest time that a scenario may wait for a window to pass (default 60)",
    )
    parser.add_argument(
        "--timeout-scale",
        type=_seconds,
        default=1.0,
        metavar="FACTOR",
        help="multiply every timeout, for slow targets (default 1)",
    )
    parser.add_argument(
        "--connect-timeout",
        type=_seconds,
        metavar="SECONDS",
        help="timeout for opening a connection (default 5)",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="test the target even if it does not look like a server of this protocol",
    )
    parser.add_argument("--schedule", action="store_true", help="show where the time went")
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="no progress, and print only the verdict"
    )


def _path(text: str) -> Path:
    from conformance.documents.text_file import possible

    try:
        return possible(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(error.message) from None


def _count(text: str, most: int = 256) -> int:
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {most}, not {text!r}")
    return int(text)


def _sample(text: str) -> int:
    return _count(text, 9999)


def _retries(text: str) -> int:
    if not re.fullmatch(r"[0-9]|10", text):
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 10, not {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    is_number = re.fullmatch(r"[0-9]*\.?[0-9]+(e[-+]?[0-9]+)?", text, re.IGNORECASE)
    value = float(text) if is_number else 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"expected a number above 0, not {text!r}")
    return value
