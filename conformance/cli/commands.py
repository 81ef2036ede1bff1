"""The commands of the command line, as a table: what each does, takes, returns and prints."""

from collections.abc import Callable
from typing import Final, NamedTuple

from conformance.cli import options, report_options
from conformance.cli.parser import Parser

MEANINGS: Final = {
    0: "conformant, or no change from the --baseline",
    1: "a MUST is broken, or the --baseline does not match",
    2: "a mistake in the command or a file, nothing selected, or a report cannot be written",
    3: "incomplete: something is inconclusive or flaky",
    4: "the target cannot be reached, or does not look like one of this protocol",
    5: "a fault of the kit itself",
    130: "interrupted; once the run has begun, the reports are still written",
}
"""What the exit statuses of a run mean; 2, 5 and 130 mean the same for every command."""


class Command(NamedTuple):
    """A command of the command line.

    `carried_out_by` is MODULE:FUNCTION, imported only when it is needed. `from_environment` adds
    the options that variables may set. `exits` are the statuses that it has of its own; a text
    replaces the usual one. What `only_prints` has failed if its output is lost.
    """

    summary: str
    carried_out_by: str
    arguments: Callable[[Parser], None]
    examples: tuple[str, ...]
    exits: dict[int, str]
    from_environment: Callable[[Parser], None] | None = None
    only_prints: bool = False
    takes_signals: bool = False


_DONE: Final = {0: "done"}

COMMANDS: Final = {
    "run": Command(
        "test a server for conformance",
        "conformance.cli.run:run",
        options.run,
        (
            "run ws://127.0.0.1:8765/",
            'run --launch "node server.js --port {port}"',
            "run target.yaml deduplication --exclude '*/*-window'",
            "run target.yaml --baseline known.yaml --junit junit.xml",
            "run target.yaml --transcripts --json whole.json",
        ),
        MEANINGS,
        from_environment=options.run_variables,
        takes_signals=True,
    ),
    "client": Command(
        "test a client for conformance: the kit plays the server",
        "conformance.cli.client:client",
        options.client,
        (
            'client --launch "node client.js {url}"',
            "client client.yaml joining",
        ),
        MEANINGS,
        from_environment=options.client_options,
        takes_signals=True,
    ),
    "explore": Command(
        "try what nobody scripted: dialogues that a model of the protocol makes up",
        "conformance.cli.explore:explore",
        options.explore,
        (
            "explore ws://127.0.0.1:8765/ --seconds 60",
            "explore target.yaml --dialogues 500 --seed 7 --gate",
            "explore target.yaml explored/7-212",
        ),
        {
            **MEANINGS,
            0: "nothing is wrong, or without --gate something is",
            1: "with --gate, a MUST is broken",
        },
        from_environment=options.explore_variables,
        takes_signals=True,
    ),
    "trace": Command(
        "judge the dialogues of a report by the model of the protocol",
        "conformance.cli.trace:trace",
        report_options.trace,
        ("trace whole.json",),
        {0: "nothing contradicts the model", 1: "the model rejects a dialogue"},
    ),
    "demo": Command(
        "test the reference server, to see a report",
        "conformance.cli.run:demo",
        options.demo,
        ("demo", "demo errors/words-are-no-json --verbose"),
        MEANINGS,
        from_environment=options.demo_options,
        takes_signals=True,
    ),
    "init": Command(
        "write a target file and a workflow for a server",
        "conformance.cli.init:init",
        options.init,
        ("init ws://127.0.0.1:8765/", 'init --launch "node server.js --port {port}"'),
        {0: "written", 4: MEANINGS[4]},
    ),
    "check": Command(
        "find mistakes in target files, baselines and scenarios",
        "conformance.cli.check:check",
        options.check,
        ("check target.yaml baseline.yaml", "check --kind scenario scenarios/*.yaml"),
        {0: "no file has a mistake"},
    ),
    "new": Command(
        "begin a suite for another protocol, or a scenario of one",
        "conformance.cli.new:new",
        options.new,
        ("new suite chat", "new scenario chat/scenarios/rooms/join.yaml"),
        {0: "written"},
    ),
    "baseline": Command(
        "record the known failures of a target",
        "conformance.cli.baseline:baseline",
        report_options.baseline,
        ('baseline report.json --output known.yaml --reason "{cause}"',),
        {0: "written, or nothing to change"},
    ),
    "diff": Command(
        "show what differs between two reports",
        "conformance.cli.diff:diff",
        report_options.diff,
        ("diff old.json new.json",),
        {0: "nothing became worse", 1: "something became worse"},
    ),
    "report": Command(
        "render a JSON report again",
        "conformance.cli.stored:report",
        report_options.report,
        ("report report.json --html report.html", "report report.json --markdown - --quiet"),
        {status: MEANINGS[status] for status in (0, 1, 3, 4)},
        from_environment=report_options.report_options,
    ),
    "show": Command(
        "print one dialogue of a JSON report",
        "conformance.cli.stored:show",
        report_options.show,
        ("show coda-report/report.json errors/words-are-no-json",),
        _DONE,
        only_prints=True,
    ),
    "reproduce": Command(
        "write a dialogue of a JSON report as a Python program that plays it again",
        "conformance.cli.reproduce:reproduce",
        report_options.reproduce,
        ("reproduce report.json errors/words-are-no-json > again.py",),
        _DONE,
        only_prints=True,
    ),
    "compare": Command(
        "put several JSON reports side by side",
        "conformance.cli.stored:compare",
        report_options.compare,
        ("compare one.json two.json three.json",),
        _DONE,
        only_prints=True,
    ),
    "list": Command(
        "list the scenarios or the requirements",
        "conformance.cli.listing:list_",
        options.list_,
        ("list deduplication", "list 'AUTH-*' --json", "list --requirements --profile core"),
        {0: "done", 1: "with --requirements, one of them is not tested by anything"},
        only_prints=True,
    ),
    "explain": Command(
        "explain a requirement, scenario, area, code, message or another word",
        "conformance.cli.explain:explain",
        options.explain,
        ("explain AUTH-07", "explain deduplication", "explain id_conflict", "explain auth_result"),
        _DONE,
        only_prints=True,
    ),
    "schema": Command(
        "print a JSON Schema of the protocol",
        "conformance.cli.show:schema",
        options.schema,
        ("schema auth_challenge", "schema stt_result --full", "schema --bundle > coda.json"),
        _DONE,
        only_prints=True,
    ),
    "selftest": Command(
        "show that every check can fail",
        "conformance.cli.selftest:selftest",
        options.selftest,
        ("selftest --sample 50", "selftest AUTH-07 --scope suite", "selftest --legal"),
        {0: "every fault was caught, and nothing blamed wrongly", 1: "anything else"},
    ),
    "completion": Command(
        "print what makes a shell complete these commands",
        "conformance.cli.completion:completion",
        options.completion,
        (
            "completion bash > ~/.local/share/bash-completion/completions/coda-conformance",
            "completion zsh > ~/.zfunc/_coda-conformance   # a folder in fpath",
            "completion fish > ~/.config/fish/completions/coda-conformance.fish",
        ),
        _DONE,
        only_prints=True,
    ),
}
