"""The options of the commands that judge or show a target, each group by a function."""

from typing import Final

from conformance.cli import values
from conformance.cli.parser import Gathered, Parser
from conformance.text.durations import seconds

FORMATS: Final = ("html", "json", "markdown", "junit", "ctrf", "github", "badge", "svg")
"""The formats of reports, as the help lists them."""


def filters(parser: Parser) -> None:
    """Add what chooses a part of the suite."""
    parser.add_argument(
        "--profile",
        action=Gathered,
        default=(),
        metavar="NAME",
        help="only this profile; may be repeated",
    )
    parser.add_argument(
        "--exclude",
        action=Gathered,
        default=(),
        metavar="SELECTION",
        help="not these; may be repeated",
    )


def suite(parser: Parser) -> None:
    """Add `--suite` and `--trust-code`."""
    parser.add_argument(
        "--suite",
        type=values.named,
        metavar="FOLDER",
        help="the suite in this folder, or graphql-transport-ws (default: that of Coda Lite)",
    )
    parser.add_argument(
        "--trust-code",
        action="store_true",
        help="run the Python code of that suite, its extension.py",
    )


def requirements(parser: Parser) -> None:
    """Add `--requirements`."""
    parser.add_argument(
        "--requirements",
        metavar="SET",
        help="judge exactly what a release asks, such as 0.1; what was added later runs and is "
        "reported without counting",
    )


def launch(parser: Parser) -> None:
    """Add `--launch`."""
    parser.add_argument(
        "--launch",
        metavar="COMMAND",
        help='start the server first, such as "node server.js --port {port}"; {port} is a free '
        "port, in the URL as well (default ws://127.0.0.1:{port}/)",
    )


def output(parser: Parser) -> None:
    """Add the options about reports and the summary."""
    parser.set_defaults(gate=True)
    parser.add_argument(
        "--report",
        action=Gathered,
        default=(),
        metavar="FORMAT=PATH",
        help=f"write a report: {', '.join(FORMATS)}; may be repeated; - is the standard output",
    )
    for name in FORMATS:
        parser.add_argument(
            f"--{name}",
            dest="report",
            action=Gathered,
            default=(),
            type=f"{name}={{}}".format,
            metavar="PATH",
            help=f"the same as --report {name}=PATH",
        )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="show all causes, and the transcripts"
    )


CONNECTING: Final = "timeout for opening a connection (default 5)"
FORCING: Final = "test the target even if it does not look like a server of this protocol"


def without_reports(parser: Parser) -> None:
    """Add `--no-report`."""
    parser.add_argument(
        "--no-report",
        action="store_true",
        help="write no report (default: coda-report/report.json and .html)",
    )


def pace(parser: Parser, connecting: str = CONNECTING, forcing: str = FORCING) -> None:
    """Add the options about time, about targets that look wrong, and about what is printed."""
    parser.add_argument(
        "--timeout-scale",
        type=seconds,
        default=1.0,
        metavar="FACTOR",
        help="multiply every timeout, for slow targets (default 1)",
    )
    parser.add_argument(
        "--connect-timeout",
        type=seconds,
        metavar="SECONDS",
        help=connecting,
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help=forcing,
    )
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="no progress, and print only the verdict"
    )


def how(parser: Parser, connecting: str = CONNECTING, forcing: str = FORCING) -> None:
    """Add the options about how a target is judged."""
    suite(parser)
    output(parser)
    requirements(parser)
    without_reports(parser)
    parser.add_argument(
        "--failed",
        type=values.source,
        metavar="REPORT.json",
        help="run only what failed in this report",
    )
    parser.add_argument(
        "--baseline",
        type=values.path,
        metavar="FILE",
        help="known failures; the run fails only if it finds others or an entry is wrong",
    )
    parser.add_argument(
        "--jobs",
        type=values.count,
        default=16,
        metavar="N",
        help="scenarios to run at once (default 16)",
    )
    parser.add_argument(
        "--retries",
        type=values.retries,
        default=2,
        metavar="N",
        help="how often to rerun failures, and what a busy machine left open (default 2)",
    )
    parser.add_argument(
        "--max-failures",
        type=values.large_count,
        metavar="N",
        help="end the run once N scenarios have failed",
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
        type=seconds,
        default=60.0,
        metavar="SECONDS",
        help="longest time that a scenario may wait for a window to pass (default 60)",
    )
    pace(parser, connecting, forcing)
    parser.add_argument(
        "--transcripts",
        action="store_true",
        help="keep the dialogues of what passes in the JSON report, too",
    )
    parser.add_argument("--schedule", action="store_true", help="show where the time went")
