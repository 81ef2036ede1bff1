// Compiles schemas with Ajv in strict mode, and says what it makes of values. Reads
// {"options": Ajv's, besides strict, "schemas": {name: schema}, "cases": [[reference, value], …]},
// prints {"refused": {name: message}, "verdicts": [true, …]}, null where a schema is refused.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../docs/package.json", import.meta.url));
const Ajv = require("ajv/dist/2020.js").default;
const { options, schemas, cases } = JSON.parse(readFileSync(0, "utf8"));
const ajv = new Ajv({ ...options, strict: true, logger: false });
if (options.keywords) require("ajv-formats").default(ajv);
for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(schema, name);
const refused = {};
const compiled = (name) => {
  try {
    return ajv.getSchema(name);
  } catch (error) {
    refused[name] = error.message;
  }
};
Object.keys(schemas).forEach(compiled);
const verdicts = cases.map(([name, value]) => compiled(name)?.(value) ?? null);
process.stdout.write(JSON.stringify({ refused, verdicts }));
