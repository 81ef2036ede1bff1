"""`python -m tests.graphql.strawberry_server --port PORT`: a server by strawberry-graphql."""

import asyncio
import sys
from collections.abc import AsyncGenerator

import strawberry
from strawberry.asgi import GraphQL

from tests.graphql import streams


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
    async def count(self, to: int, every: float = 0) -> AsyncGenerator[int, None]:
        async for number in streams.counted(to, every):
            yield number

    @strawberry.subscription
    async def endless(self) -> AsyncGenerator[int, None]:
        async for number in streams.endless():
            yield number

    @strawberry.subscription
    async def broken(self) -> AsyncGenerator[int, None]:
        async for number in streams.broken():
            yield number


if __name__ == "__main__":
    schema = strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)
    streams.served(GraphQL(schema, connection_init_wait_timeout=streams.WAIT), sys.argv[-1])
