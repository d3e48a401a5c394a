/** What the SDK promises, natively. */
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import {
  action, acting, clock, config, date, decimal, digests, goesOn, http, jobs, json, kv, limits, log, money, plugin, Problem, query, random, records, reference, Refusal,
  secrets,
} from "@tenon/sdk";
import type { Change } from "@tenon/sdk";
import "@tenon/sdk/fetch";
import { actions, computed, endpoints, events, hooks, jobs as jobsOf, lifecycle, queries } from "../src/guest.ts";
import { install } from "../src/globals.ts";
import { manifest } from "../src/manifest.ts";
import { ask, create, event, host, incoming, inside, update } from "../src/testing.ts";

beforeEach(() => host.reset());

/** A hook that does this. */
const hook = (each: (change: Change) => void) => ({ on: ["create", "update"] as const, each });

test("a change says what was, what will be, and what differs", () => {
  const change = update("lead").before("city", "Ulm").before("name", "Li").after("city", "Bonn").after("employees", 12).build();
  assert.deepEqual([change.text("city"), change.old?.text("city"), change.text("name"), change.integer("employees")], ["Bonn", "Ulm", "Li", 12]);
  assert.deepEqual([change.changes("city"), change.changes("name"), change.becomes("city", "Bonn"), change.isEmpty("zip")], [true, false, true, true]);
  assert.equal(change.integer("city"), undefined, "of another type it has nothing");
});

test("patches are what differs, each once, in every type", () => {
  const { patches } = ask(
    hook((change) => {
      change.set("city", "Bonn");
      change.set("city", "Ulm");
      change.set("amount", money("12.50", "CNY"));
      change.set("close_date", date("2026-03-01"));
      change.set("starts_at", new Date(7));
      change.set("interests", ["solar"]);
      change.set("account", reference("account", "7"));
      change.set("probability", decimal("30"));
      change.set("answers", json({ a: 1 }));
      change.clear("zip");
      change.clear("street");
    }),
    create("lead").after("zip", "53111"),
  );
  assert.deepEqual(patches, {
    city: { tag: "text", val: "Ulm" },
    amount: { tag: "money", val: { amount: "12.50", currency: "CNY" } },
    close_date: { tag: "date", val: 20_513 },
    starts_at: { tag: "datetime", val: 7n },
    interests: { tag: "choices", val: ["solar"] },
    account: { tag: "reference", val: { object: "account", id: "7" } },
    probability: { tag: "decimal", val: "30" },
    answers: { tag: "json", val: '{"a":1}' },
    zip: { tag: "null" },
  });
});

test("what is no value is told at once", () => {
  assert.throws(() => date("2026-02-30"), /no day/);
  assert.throws(() => decimal("1,5"), /no decimal/);
  assert.throws(() => create("lead").after("amount", 0.5), /decimal\("…"\)/);
});

test("a refusal travels as one, everything else as a failure", () => {
  const answers = hooks({
    lead: hook((change) => {
      if (change.text("city") === "Ulm") throw new Refusal("not there", { field: "city", rule: "CITY" });
      if (change.text("city") === "Bonn") throw new Problem({ code: "REFUSED", message: "somebody else said no" });
      if (change.text("city") === "Rom") throw new TypeError("broken");
    }),
  });
  const said = (city: string) => answers("lead", "create", [create("lead").after("city", city).wire()]);
  assert.deepEqual(said("Ulm"), [{ tag: "refuse", val: [{ message: "not there", field: "city", rule: "CITY" }] }]);
  assert.deepEqual(said("Bonn"), [{ tag: "refuse", val: [{ message: "somebody else said no" }] }]);
  assert.deepEqual(said("Li"), [{ tag: "keep" }]);
  assert.throws(() => said("Rom"), (error: { tag: string; val: string }) => error.tag === "failed" && error.val.startsWith("TypeError: broken"));
});

test("who looks at all records refuses all of them, or each", () => {
  const answers = hooks({
    lead: {
      on: ["create"],
      all(changes) {
        if (changes.length > 2) throw new Refusal("two at a time");
        changes[1]?.refuse(new Refusal("one at a time"));
      },
    },
  });
  const wire = create("lead").wire();
  assert.deepEqual(answers("lead", "create", [wire, wire]), [{ tag: "keep" }, { tag: "refuse", val: [{ message: "one at a time" }] }]);
  assert.throws(() => answers("lead", "create", [wire, wire, wire]), (error: { tag: string }) => error.tag === "refused");
});

test("a hook that is asynchronous is a failure, not a silent yes", () => {
  const answers = hooks({ lead: hook((async () => undefined) as unknown as (change: Change) => void) });
  assert.throws(() => answers("lead", "create", [create("lead").wire()]), (error: { val: string }) => error.val.includes("asynchronous"));
});

test("an action is typed by what it declares, a job by its steps", () => {
  const act = actions({
    claim: action({
      input: { deal: "id required", times: "integer", words: "text many" },
      output: { left: "integer required" },
      act: ({ deal, times, words }) => ({ left: (times ?? 0) + deal.length + (words ?? []).length }),
    }),
  });
  assert.equal(act("claim", '{"deal":"7","words":["a","b"]}'), '{"left":3}');
  assert.throws(() => act("other", "{}"), (error: { tag: string }) => error.tag === "failed");
  const run = jobsOf({ count: { run: (_, cursor) => (cursor === "2" ? { done: true } : goesOn(`${Number(cursor ?? 0) + 1}`)) } });
  assert.deepEqual(run("count", "null", undefined), { tag: "goes-on", val: "1" });
  assert.deepEqual(run("count", "null", "2"), { tag: "done", val: '{"done":true}' });
});

test("data is moved in steps, and what is thrown travels", () => {
  const life = lifecycle({
    install() {
      throw new Refusal("not on a Sunday", { rule: "SUNDAY" });
    },
    upgrade: (from, cursor) => (cursor === undefined ? goesOn(`${from}/1`) : { moved: 7 }),
  });
  assert.throws(() => life.install(), (error: { tag: string }) => error.tag === "refused");
  assert.deepEqual(life.upgrade("1.0.0", undefined), { tag: "goes-on", val: "1.0.0/1" });
  assert.deepEqual(life.upgrade("1.0.0", "1.0.0/1"), { tag: "done", val: '{"moved":7}' });
  assert.equal(life.uninstall(), undefined);
});

test("a query answers what it declares", () => {
  host.put("account", "7", { name: "Li Ltd" });
  const greeting = query({
    input: { account: "id required" },
    output: { words: "text" },
    resolve: ({ account }) => ({ words: `hello ${records.get("account", account)?.text("name") ?? ""}` }),
  });
  const resolve = queries({ greeting });
  assert.equal(resolve("greeting", '{"account":"7"}'), '{"words":"hello Li Ltd"}');
  assert.throws(() => resolve("other", "{}"), (error: { tag: string }) => error.tag === "failed");
});

test("a field is computed of others, record by record", () => {
  const compute = computed({
    account: {
      acme_size: {
        from: ["employee_count"],
        value(record) {
          const count = record.integer("employee_count");
          if (count === undefined) throw new Error("how many?");
          return count > 100 ? "large" : null;
        },
      },
    },
  });
  const row = (count?: bigint) => ({ id: "7", fields: count === undefined ? [] : [{ name: "employee_count", value: { tag: "integer" as const, val: count } }] });
  assert.deepEqual(compute("account", "acme_size", [row(120n), row(7n), row()]), [
    { tag: "ok", val: { tag: "text", val: "large" } },
    { tag: "ok", val: { tag: "null" } },
    { tag: "err", val: "Error: how many?" },
  ]);
  assert.throws(() => compute("account", "other", []), /no computed field/);
});

test("an event is heard by the listener of its object", () => {
  const heard: string[] = [];
  const handle = events({ lead: { on: ["create"], heard: ({ object, records: [first], at }) => heard.push(`${object} ${first?.id} ${at.getTime()}`) } });
  handle({ object: "lead", operation: "create", records: [{ id: "7", version: 1n }], changed: [], at: 5n });
  handle({ object: "account", operation: "create", records: [], changed: [], at: 5n });
  assert.deepEqual(heard, ["lead 7 5"]);
  assert.equal(event("lead", "create", ["7"]).records.length, 1);
});

test("the manifest is read off the plugin", () => {
  const rules = plugin({
    beforeSave: { lead: { on: ["create"], onFault: "skip", each() {} } },
    afterDelete: { lead: { on: ["delete"], all() {} } },
    actions: { claim: action({ input: { leads: "id many required" }, output: { left: "integer" }, act: () => ({ left: 1 }) }) },
    computed: { account: { acme_size: { from: ["employee_count"], value: () => "small" } } },
    queries: { best: query({ input: {}, output: { names: "text many" }, resolve: () => ({ names: [] }) }) },
    lifecycle: { upgrade() {}, install() {} },
    jobs: { remind: { run() {} }, recycle: { cron: "0 2 * * *", run() {} } },
    events: { lead: { on: ["create", "update"], heard() {} } },
    endpoints: {
      orders: { at: "POST /orders", auth: { hmac: "shop_key", header: "x-sig" }, answer: () => ({ status: 200 }) },
      paid: { at: "POST /paid", auth: { webhook: "paid_key" }, answer: () => ({ status: 200 }) },
      ping: { at: "GET /ping", auth: "none", answer: () => ({ status: 200 }) },
    },
  });
  assert.deepEqual(manifest(rules, "acme_score", "1.2.0"), {
    format: 1,
    package: "acme_score",
    version: "1.2.0",
    contract: "tenon:plugin@1.0.0",
    size: "large",
    hooks: [
      { phase: "before_save", object: "lead", operations: ["create"], on_fault: "skip" },
      { phase: "after_delete", object: "lead", operations: ["delete"] },
      { phase: "event", object: "lead", operations: ["create", "update"] },
    ],
    actions: [{ name: "claim", input: [{ name: "leads", type: "id", many: true, required: true }], output: [{ name: "left", type: "integer" }] }],
    jobs: [{ name: "remind" }, { name: "recycle", cron: "0 2 * * *" }],
    queries: [{ name: "best", input: [], output: [{ name: "names", type: "text", many: true }] }],
    endpoints: [
      { name: "orders", method: "POST", path: "/orders", auth: "hmac", secret: "shop_key", header: "x-sig" },
      { name: "paid", method: "POST", path: "/paid", auth: "webhook", secret: "paid_key" },
      { name: "ping", method: "GET", path: "/ping", auth: "none" },
    ],
    computed: [{ object: "account", field: "acme_size", from: ["employee_count"] }],
    lifecycle: ["install", "upgrade"],
  });
  assert.throws(() => manifest(plugin({ beforeSave: { lead: { on: ["create"] } } }), "a", "1.0.0"), /either `each` or `all`/);
});

test("time and chance are the host's, and repeat", () => {
  host.now = Date.parse("2026-03-01T08:00:00Z");
  const seen = () => inside(() => [Date.now(), new Date().toISOString(), Math.random(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(4))]]);
  const once = seen();
  assert.deepEqual(once.slice(0, 2), [host.now, "2026-03-01T08:00:00.000Z"]);
  assert.match(`${once[3]}`, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  host.reset();
  host.now = Date.parse("2026-03-01T08:00:00Z");
  assert.deepEqual(seen(), once);
  assert.deepEqual([clock.now().getTime(), clock.today()], [host.now, "2026-03-01"]);
  assert.ok(inside(() => new Date("2026-01-31") instanceof Date && Array.from({ length: 99 }, Math.random).every((drawn) => drawn >= 0 && drawn < 1)));
});

test("before there is a call there is neither, and never anything else", () => {
  const restore = install();
  try {
    for (const early of [() => Date.now(), () => new Date(), () => Math.random(), () => crypto.getRandomValues(new Uint8Array(1))]) {
      assert.throws(early, /top level of a module/);
    }
    assert.equal(new Date(5).getTime(), 5, "a moment that is named is one");
    assert.throws(() => fetch("https://example.org"), /top level of a module/);
    assert.throws(() => setTimeout(() => undefined, 1), /jobs\.start/);
  } finally {
    restore();
  }
});

test("what is written to the console is logged", () => {
  inside(() => console.warn("rate", { high: 7n }, "!"));
  log.info("plain");
  assert.deepEqual(host.lines, [{ level: "warn", message: 'rate {"high":"7"} !' }, { level: "info", message: "plain" }]);
});

test("the host of tests keeps records, texts, jobs and numbers", () => {
  host.put("account", "7", { name: "Li Ltd" });
  assert.deepEqual(records.update("account", "7", { city: "Bonn" }, { expectVersion: 1 }), { id: "7", version: 2, created: false });
  assert.equal(records.getForUpdate("account", "7")?.text("city"), "Bonn");
  assert.throws(() => records.update("account", "7", {}, { expectVersion: 1 }), { code: "CONFLICT", name: "Problem" });
  const { id } = records.create("activity", { subject: "Call" });
  records.remove("activity", id);
  assert.equal(records.get("activity", id), undefined);
  assert.equal(records.createMany("activity", [{ subject: "a" }, { subject: "b" }]).length, 2);
  assert.equal(records.updateMany("account", [["7", { city: "Ulm" }]]), 1);
  host.query = (document, variables) => ({ document, variables });
  assert.deepEqual(records.query("{ a }", { n: 1 }), { document: "{ a }", variables: { n: 1 } });
  assert.deepEqual([records.nextNumber("i"), records.nextNumber("i")], [1, 2]);
  kv.set("a/1", "x");
  assert.deepEqual([kv.get("a/1"), kv.scan("a/"), kv.add("n", 2), kv.swap("a/1", "y", "z")], ["x", [["a/1", "x"]], 2, false]);
  kv.remove("a/1");
  jobs.start("remind", { deal: "7" }, { at: new Date(5), key: "k" });
  jobs.start("remind", { deal: "8" }, { key: "k" });
  assert.deepEqual(host.jobs.map(({ input }) => input), [{ deal: "8" }]);
  assert.equal(jobs.cancel("k"), true);
  assert.equal(acting.asItself(() => 7), 7);
  assert.equal(limits.remaining().queries, 20);
  assert.equal(random.bytes(3).length, 3);
  const bytes = new TextEncoder().encode("abc");
  assert.equal(Buffer.from(digests.sha256(bytes)).toString("hex"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(digests.hmacSha256(bytes, bytes).length, 32);
});

test("settings and secrets are those that were set", () => {
  host.settings.set("days", 3);
  assert.deepEqual([config.get<number>("days"), config.get("nothing")], [3, null]);
  host.secrets.set("shop_key", "Jefe");
  // RFC 4231, test case 2.
  const mac = secrets.hmac("shop_key", "what do ya want for nothing?");
  assert.equal(Buffer.from(mac).toString("hex"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  assert.deepEqual([secrets.verify("shop_key", "what do ya want for nothing?", mac), secrets.verify("shop_key", "more", mac)], [true, false]);
  assert.equal(new TextDecoder().decode(secrets.decrypt("shop_key", secrets.encrypt("shop_key", "a token"))), "a token");
  assert.equal(secrets.decrypt("shop_key", new Uint8Array(40)), undefined);
  assert.equal(secrets.sign("shop_key", "paid").length, 64);
  assert.equal(secrets.isSet("other"), false);
  assert.throws(() => secrets.hmac("other", ""), { code: "NOT_FOUND" });
});

test("a request goes out as it is meant, in one piece or several", () => {
  host.answer = ({ path }) => (path === "/v1/deals" ? { status: 201, headers: { "x-id": "7" }, json: { ok: true } } : { status: 404 });
  const answer = http.send("billing", "/v1/deals", {
    query: { since: "2026" },
    headers: { authorization: ["Bearer ", http.secret("billing_key")] },
    json: { amount: 7 },
  });
  assert.deepEqual([answer.ok, answer.header("X-Id"), answer.json()], [true, "7", { ok: true }]);
  assert.deepEqual(host.calls, [
    {
      grant: "billing",
      method: "POST",
      path: "/v1/deals",
      query: { since: "2026" },
      headers: { "content-type": "application/json", authorization: "Bearer <billing_key>" },
      body: '{"amount":7}',
    },
  ]);
  assert.deepEqual([http.send("billing", "/v1/other").status, host.calls[1]?.method], [404, "GET"]);
  host.reset();
  assert.throws(() => http.send("billing", "/v1/deals"), { code: "UNAVAILABLE", rule: "http/unreachable" });
});

test("fetch reaches granted hosts by their addresses", async () => {
  host.answer = () => ({ status: 200, headers: { "content-type": "application/json" }, body: '{"a":1}' });
  const told = await inside(async () => {
    const answer = await fetch("https://api.acme.com/v1/deals?since=2026", { method: "post", headers: { "x-a": "b" }, body: "hello" });
    return [answer.ok, answer.headers.get("Content-Type"), await answer.json()];
  });
  assert.deepEqual(told, [true, "application/json", { a: 1 }]);
  const expected = { grant: "api.acme.com", method: "POST", path: "/v1/deals", query: { since: "2026" }, headers: { "x-a": "b" }, body: "hello" };
  assert.deepEqual(host.calls, [expected]);
  host.answer = undefined;
  await assert.rejects(inside(() => fetch("https://api.acme.com/v1/deals")), { code: "UNAVAILABLE" });
});

test("an endpoint answers, and may wait for what it asks", async () => {
  const answer = endpoints({
    orders: { at: "POST /orders", auth: "none", answer: async (request) => ({ status: 201, json: { said: request.text(), page: request.parameter("page") } }) },
    ping: { at: "GET /ping", auth: "none", answer: () => ({ status: 200, body: "pong", headers: { "x-a": "b" } }) },
    shut: { at: "GET /shut", auth: "none", answer: () => Promise.reject(new Refusal("not today")) },
  });
  const { body, headers } = await answer("orders", incoming("POST /orders", { query: { page: "2" }, body: "hello" }) as never);
  assert.deepEqual([new TextDecoder().decode(body), headers], ['{"said":"hello","page":"2"}', [["content-type", "application/json"]]]);
  assert.deepEqual(await answer("ping", incoming("GET /ping") as never), { status: 200, headers: [["x-a", "b"]], body: new TextEncoder().encode("pong") });
  await assert.rejects(async () => answer("shut", incoming("GET /shut") as never), { tag: "refused", val: { message: "not today" } });
  await assert.rejects(async () => answer("other", incoming("GET /other") as never), { tag: "failed" });
  const run = jobsOf({ later: { run: async () => goesOn("1") } });
  assert.deepEqual(await run("later", "null", undefined), { tag: "goes-on", val: "1" });
});
