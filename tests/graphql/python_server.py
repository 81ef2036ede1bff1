"""`python -m tests.graphql.python_server LIBRARY --port PORT`: strawberry or ariadne on uvicorn.

Both serve the schema that the suite asks for, at /graphql.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import uvicorn

WAIT = timedelta(seconds=1)
"""For how long a client may take to initialise its connection."""

SCHEMA = """
  type Query { hello: String! echo(text: String!): String! fail: String slow(seconds: Float!): String! }
  type Mutation { keep(text: String!): String! }
  type Subscription { count(to: Int!, every: Float = 0): Int! endless: Int! broken: Int! }
"""


async def counted(to: int, every: float) -> AsyncIterator[int]:
    """Numbers from 1 on, so many seconds apart."""
    for number in range(1, to + 1):
        if every:
            await asyncio.sleep(every)
        yield number


async def broken() -> AsyncIterator[int]:
    """One number, and an error."""
    yield 1
    raise RuntimeError("the stream breaks")


def strawberry_app() -> Any:
    """The schema by strawberry-graphql."""
    import strawberry
    from strawberry.asgi import GraphQL

    @strawberry.type
    class Query:
        @strawberry.field
        def hello(self) -> str:
            return "hello"

        @strawberry.field
        def echo(self, text: str) -> str:
            return text

        @strawberry.field
        def fail(self) -> str | None:
            raise RuntimeError("it fails")

        @strawberry.field
        async def slow(self, seconds: float) -> str:
            await asyncio.sleep(seconds)
            return "slow"

    @strawberry.type
    class Mutation:
        @strawberry.mutation
        def keep(self, text: str) -> str:
            return text

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def count(self, to: int, every: float = 0) -> AsyncIterator[int]:
            async for number in counted(to, every):
                yield number

        @strawberry.subscription
        async def endless(self) -> AsyncIterator[int]:
            async for number in counted(1_000_000, 0.02):
                yield number

        @strawberry.subscription
        async def broken(self) -> AsyncIterator[int]:
            async for number in broken():
                yield number

    schema = strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)
    return GraphQL(schema, connection_init_wait_timeout=WAIT)


def ariadne_app() -> Any:
    """The schema by ariadne."""
    from ariadne import MutationType, QueryType, SubscriptionType, make_executable_schema
    from ariadne.asgi import GraphQL
    from ariadne.asgi.handlers import GraphQLTransportWSHandler

    query, mutation, subscription = QueryType(), MutationType(), SubscriptionType()

    @query.field("hello")
    def hello(*_: Any) -> str:
        return "hello"

    @query.field("echo")
    def echo(*_: Any, text: str) -> str:
        return text

    @query.field("fail")
    def fail(*_: Any) -> str:
        raise RuntimeError("it fails")

    @query.field("slow")
    async def slow(*_: Any, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "slow"

    @mutation.field("keep")
    def keep(*_: Any, text: str) -> str:
        return text

    @subscription.source("count")
    async def count(*_: Any, to: int, every: float = 0) -> AsyncIterator[int]:
        async for number in counted(to, every):
            yield number

    @subscription.source("endless")
    async def endless(*_: Any) -> AsyncIterator[int]:
        async for number in counted(1_000_000, 0.02):
            yield number

    @subscription.source("broken")
    async def broken_source(*_: Any) -> AsyncIterator[int]:
        async for number in broken():
            yield number

    for name in ("count", "endless", "broken"):
        subscription.field(name)(lambda value, *_, **__: value)
    schema = make_executable_schema(SCHEMA, query, mutation, subscription)
    handler = GraphQLTransportWSHandler(connection_init_wait_timeout=WAIT)
    return GraphQL(schema, websocket_handler=handler)


def main() -> None:
    """Serve until the process is ended."""
    library, _, port = sys.argv[1:]
    app = {"strawberry": strawberry_app, "ariadne": ariadne_app}[library]()
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", ws="websockets-sansio")


if __name__ == "__main__":
    main()
