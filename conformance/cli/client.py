"""`client`: find the client, and have it judged by a kit that plays the server."""

import argparse
from pathlib import Path

from conformance.cli.interruption import Interruption
from conformance.cli.run import judged
from conformance.documents.locations import OF_CLIENTS
from conformance.documents.whole_file import is_file
from conformance.target.client_file import from_argument
from conformance.text.streams import complain


def client(arguments: argparse.Namespace, interruption: Interruption) -> int:
    """Judge the client that the command line names or launches.

    Beside `--launch` or `--listen`, a first word that is no file belongs to the selection.
    """
    named, launch, port = arguments.target, arguments.launch, arguments.listen
    if (launch or port) and named and not is_file(Path(named)):
        arguments.selection.insert(0, named)
        named = None
    target = from_argument(named or "", launch or "", port)
    if port is not None:
        arguments.jobs, arguments.retries = 1, 0
        complain(f"listening at {target.url}: start the client, again whenever it has ended")
    return judged(arguments, target, interruption, OF_CLIENTS)
