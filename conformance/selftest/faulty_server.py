"""A faulty server: the reference server, imported again with one fault in its source."""

import gc
import io
import logging
import os
import sys
from multiprocessing.connection import Connection

from conformance.selftest.changed import main_of
from conformance.selftest.subject import SERVER
from conformance.selftest.variant import Variant


class _Output(io.TextIOBase):
    """A standard output that sends every text to another process."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, text: str) -> int:
        self._connection.send(text)
        return len(text)


def serve(fault: Variant | None, arguments: list[str], output: Connection) -> None:
    """Serve until the process is ended; send the ready line to `output`, or why there is none.

    Whatever the server logs because of the fault is discarded.
    """
    logging.disable()
    gc.disable()  # it ends before there is enough garbage to collect
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - kept open until the process ends
    try:
        main = main_of(SERVER, fault)
        sys.stdout = _Output(output)
        main(arguments)
    except Exception as error:
        output.send(f"{type(error).__name__}: {error}")
