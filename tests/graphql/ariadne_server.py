"""`python -m tests.graphql.ariadne_server --port PORT`: a server by ariadne."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from typing import Any

from ariadne import MutationType, QueryType, SubscriptionType, make_executable_schema
from ariadne.asgi import GraphQL
from ariadne.asgi.handlers import GraphQLTransportWSHandler

from tests.graphql import streams

SCHEMA = """
  type Query {
    hello: String!
    echo(text: String!): String!
    fail: String
    slow(seconds: Float!): String!
  }
  type Mutation { keep(text: String!): String! }
  type Subscription { count(to: Int!, every: Float = 0): Int! endless: Int! broken: Int! }
"""

query, mutation, subscription = QueryType(), MutationType(), SubscriptionType()


@query.field("hello")
def hello(*_: Any) -> str:
    return "hello"


@query.field("echo")
@mutation.field("keep")
def echo(*_: Any, text: str) -> str:
    return text


@query.field("fail")
def fail(*_: Any) -> str:
    raise RuntimeError("it fails")


@query.field("slow")
async def slow(*_: Any, seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "slow"


@subscription.source("count")
async def count(*_: Any, to: int, every: float = 0) -> AsyncGenerator[int, None]:
    async for number in streams.counted(to, every):
        yield number


@subscription.source("endless")
async def endless(*_: Any) -> AsyncGenerator[int, None]:
    async for number in streams.endless():
        yield number


@subscription.source("broken")
async def broken(*_: Any) -> AsyncGenerator[int, None]:
    async for number in streams.broken():
        yield number


@subscription.field("count")
@subscription.field("endless")
@subscription.field("broken")
def itself(value: int, *_: Any, **__: Any) -> int:
    return value


if __name__ == "__main__":
    schema = make_executable_schema(SCHEMA, query, mutation, subscription)
    handler = GraphQLTransportWSHandler(connection_init_wait_timeout=streams.WAIT)
    streams.served(GraphQL(schema, websocket_handler=handler), sys.argv[-1])
