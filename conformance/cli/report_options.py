"""The options of the commands that read stored reports, each group by a function."""

from pathlib import Path
from typing import Any

from conformance.cli import judging_options, values
from conformance.cli.parser import Gathered, Parser


def baseline(parser: Parser) -> None:
    """Add the arguments of `baseline`."""
    parser.add_argument(
        "report", type=values.source, metavar="REPORT.json", help="the JSON report of a whole run"
    )
    parser.add_argument(
        "--output",
        type=values.kept,
        required=True,
        metavar="FILE",
        help="the baseline to write; an existing one is updated",
    )
    parser.add_argument(
        "--reason",
        default="",
        metavar="TEXT",
        help="why the new entries are known failures; {cause} stands for what the report says has "
        "to change",
    )
    parser.add_argument(
        "--expires",
        metavar="DATE",
        help="the last day on which the new entries count as known, such as 2027-03-31",
    )
    parser.add_argument(
        "--renew", action="store_true", help="give the entries that have expired this date, too"
    )
    parser.add_argument(
        "--also",
        action=Gathered,
        default=(),
        metavar="WORD",
        help="add what did not fail every time, too: flaky, inconclusive, 'not tried', 'kit error' "
        "or the beginning of an id; may be repeated",
    )
    judging_options.suite(parser)


def trace(parser: Parser) -> None:
    """Add the arguments of `trace`."""
    _stored(parser)
    judging_options.suite(parser)


def diff(parser: Parser) -> None:
    """Add the arguments of `diff`."""
    parser.add_argument("old", type=values.source, metavar="OLD.json", help="a JSON report")
    parser.add_argument("new", type=values.source, metavar="NEW.json", help="a later JSON report")


def report(parser: Parser) -> None:
    """Add the arguments of `report`."""
    _stored(parser)
    report_options(parser)


def report_options(parser: Parser) -> None:
    """Add the options of `report`."""
    judging_options.output(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="print only the verdict")


def show(parser: Parser) -> None:
    """Add the arguments of `show`."""
    _stored(parser)
    parser.add_argument("id", metavar="ID", help="such as errors/words-are-no-json")


def reproduce(parser: Parser) -> None:
    """Add the arguments of `reproduce`."""
    show(parser)
    parser.add_argument(
        "--script",
        type=values.path,
        default=Path("-"),
        metavar="FILE",
        help="where to write the program (default: the standard output)",
    )


def compare(parser: Parser) -> None:
    """Add the arguments of `compare`."""
    _stored(parser, nargs="+")
    parser.add_argument(
        "--all", action="store_true", help="list all requirements, not only those that differ"
    )


def _stored(parser: Parser, **options: Any) -> None:
    name = "REPORT.json"
    what = "a JSON report; - is the standard input"
    parser.add_argument("stored", type=values.source, metavar=name, help=what, **options)
