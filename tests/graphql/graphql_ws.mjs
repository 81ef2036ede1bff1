// A server of graphql-transport-ws by the npm packages graphql-ws and ws, with the schema that the
// suite asks for. `node graphql_ws.mjs --port PORT` prints its URL once it listens.
import { GraphQLError, buildSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";

const schema = buildSchema(`
  type Query { hello: String! echo(text: String!): String! fail: String slow(seconds: Float!): String! }
  type Mutation { keep(text: String!): String! }
  type Subscription { count(to: Int!, every: Float = 0): Int! endless: Int! broken: Int! }
`);

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

const roots = {
  query: {
    hello: "hello",
    echo: ({ text }) => text,
    fail: () => { throw new GraphQLError("it fails"); },
    slow: async ({ seconds }) => { await pause(seconds); return "slow"; },
  },
  mutation: { keep: ({ text }) => text },
  subscription: {
    async *count({ to, every }) {
      for (let count = 1; count <= to; count++) {
        if (every) await pause(every);
        yield { count };
      }
    },
    async *endless() {
      for (let endless = 1; ; endless++) { await pause(0.02); yield { endless }; }
    },
    async *broken() {
      yield { broken: 1 };
      throw new Error("the stream breaks");
    },
  },
};

const port = Number(process.argv[process.argv.indexOf("--port") + 1]);
const server = new WebSocketServer({ host: "127.0.0.1", port, path: "/graphql" });
useServer({ schema, roots, connectionInitWaitTimeout: 1000 }, server);
server.on("listening", () => console.log(`ws://127.0.0.1:${server.address().port}/graphql`));
