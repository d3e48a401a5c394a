/** What the courier does natively; `tests/all/packages` asks it in a host. */
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { host, incoming } from "@tenon/sdk/testing";
import { obey } from "../src/calls.ts";
import courier from "../src/plugin.ts";

beforeEach(() => host.reset());

test("what is called out with a secret never has the secret in it", async () => {
  host.answer = ({ headers, query, body }) => ({ status: 200, body: `${headers["authorization"]} ${query["q"]} ${body}` });
  await obey("echo");
  assert.deepEqual(host.calls.map(({ grant, method, path }) => `${method} ${grant}${path}`), ["POST shop/v1/echo"]);
  assert.deepEqual(host.lines, [{ level: "info", message: "200 Bearer <api_key> a&b hello" }]);
});

test("an endpoint answers what came of it", async () => {
  const answer = await courier.endpoints.mine.answer(incoming("POST /mine", { query: { page: "7" }, headers: { cookie: "a" }, body: "x" }));
  assert.deepEqual(answer, { status: 200, json: { said: "made", page: "7", shown: "cookie" } });
});
