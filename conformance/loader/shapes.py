"""Passive checks of the shape of messages: which kinds satisfy which schema, by a requirement."""

from collections.abc import Callable, Mapping
from typing import Any

from conformance.documents.schemas import Fault, SchemaStore
from conformance.loader.monitor import Monitor
from conformance.model import Evidence, Failure
from conformance.transport import Connection, Message


class Shape(Monitor, kw_only=True):
    """Messages of one kind satisfy their schema, as far as this check's requirement goes."""

    schemas: SchemaStore
    schema_of: Callable[[Message], str | None]
    concerns: Callable[[Fault], bool] = lambda fault: True

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges the messages that have a schema here."""
        name = self.schema_of(message)
        if name is None:
            return None
        self.observed += 1
        if self.schemas.is_valid(name, message.value):
            return None
        for fault in self.schemas.explain(name, message.value):
            if self.concerns(fault):
                return _unlike(name, message, fault)
        return None


def _unlike(name: str, message: Message, fault: Fault) -> Failure:
    where = fault.pointer or "the top"
    return Failure(
        message.fault or f"a message breaks its schema at {where}: {fault.message}",
        expected=Evidence(f"a message of schemas/{name}.json"),
        received=message.evidence,
        pointer=fault.subject,
    )


def declared(header: Mapping[str, Any], schemas: SchemaStore) -> list[Monitor]:
    """Return the checks that a suite's header declares: of all messages, or of certain kinds."""
    return [_shape(name, row, schemas) for name, row in header.get("shapes", {}).items()]


def _shape(name: str, row: Mapping[str, Any], schemas: SchemaStore) -> Monitor:
    schema: str = row["schema"]
    return Shape(
        name,
        row["requirement"],
        row["title"],
        kinds=frozenset(row["kinds"]) if "kinds" in row else None,
        schemas=schemas,
        schema_of=lambda message: schema,
    )
