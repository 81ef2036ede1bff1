// Computes the test vectors with Node alone and prints, as JSON, how many it tried and what differs.
//
// `node vectors.mjs FOLDER`: the folder with the vector files.

import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

// RFC 8785 is defined by ECMAScript: JSON.stringify spells numbers and strings as it demands, and
// the default sort compares UTF-16 code units.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

function signed(secret, lines) {
  const message = Buffer.from(lines.join("\n"), "ascii");
  const digest = createHmac("sha256", Buffer.from(secret, "ascii")).update(message).digest("hex");
  return { message_hex: message.toString("hex"), digest };
}

// What each file's vectors must say, computed from their inputs.
const RESULTS = {
  "canonical-json.json": ({ input }) => ({ canonical: canonical(JSON.parse(input)) }),
  "dedup-key.json": ({ message_type, message_data }) => {
    const form = canonical({ type: message_type, data: JSON.parse(message_data) });
    const sha256 = createHash("sha256").update(Buffer.from(form, "utf8")).digest("hex");
    return { canonical: form, sha256 };
  },
  "hmac-proof.json": ({ secret, nonce, token_id, audience }) => {
    const { message_hex, digest } = signed(secret, ["coda.v1 auth", nonce, token_id, audience]);
    return { message_hex, proof: digest };
  },
  "refresh-secret.json": ({ secret, nonce }) => {
    const { message_hex, digest } = signed(secret, ["coda.v1 refresh", nonce]);
    return { message_hex, new_secret: digest };
  },
  "audience.json": ({ url }) => ({ audience: new URL(url).origin }),
  "back-off.json": ({ failures }) => {
    const from = failures > 5 ? 30 : [1, 2, 4, 8, 16][failures - 1];
    const least = failures > 6 ? 10 : 3 ** (failures - 1) / 2 ** (failures - 1);
    return { least, from, to: from + from / 2 };
  },
};

const tried = {};
const differing = [];
for (const [file, results] of Object.entries(RESULTS)) {
  const { vectors } = JSON.parse(readFileSync(join(process.argv[2], file), "utf8"));
  tried[file] = vectors.length;
  for (const vector of vectors) {
    for (const [member, computed] of Object.entries(results(vector))) {
      if (vector[member] !== computed) {
        differing.push({ file, name: vector.name, member, stated: vector[member], computed });
      }
    }
  }
}
console.log(JSON.stringify({ tried, differing }));
