"""`client`: find the client, and have it judged by a kit that plays the server."""

import argparse

from conformance.cli.interruption import Interruption
from conformance.cli.run import judged
from conformance.documents.locations import OF_CLIENTS
from conformance.target.client_file import from_argument


def client(arguments: argparse.Namespace, interruption: Interruption) -> int:
    """Judge the client that the command line names or launches."""
    target = from_argument(arguments.target or "", arguments.launch or "")
    return judged(arguments, target, interruption, OF_CLIENTS)
