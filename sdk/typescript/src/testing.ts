/**
 * Tests without a host: changes made by hand, and a host of one's own with records, texts and a clock in memory.
 *
 * ```ts
 * test("a won deal needs a close date", () => {
 *   const won = update("opportunity").before("stage", "proposal").after("stage", "won");
 *   assert.throws(() => ask(rules.beforeSave.opportunity, won), { field: "close_date" });
 *   assert.deepEqual(ask(rules.beforeSave.opportunity, won.after("close_date", date("2026-03-01"))).patches, {});
 * });
 * ```
 */
import { createHash, createHmac } from "node:crypto";
import { Change } from "./change.ts";
import type { FieldValue, Operation, Value, WireChange, WireStored } from "./contract.ts";
import type { Event } from "./event.ts";
import { install, wake } from "./globals.ts";
import { type Call, declined, outwardOf, type Said } from "./outward.ts";
import type { Hook } from "./plugin.ts";
import { Refusal } from "./refusal.ts";
import { daysOf, equal, fieldsOf, type Given, type Values, valueOf } from "./values.ts";

/** Makes a change, field by field. */
export class ChangeBuilder {
  readonly #object: string;
  readonly #operation: Operation;
  #old = new Map<string, Value>();
  #new = new Map<string, Value>();

  /** Use `create`, `update` or `remove`. */
  constructor(object: string, operation: Operation) {
    this.#object = object;
    this.#operation = operation;
  }

  /** What a field holds as long as this is not saved, and will hold where nothing else is said. */
  before(name: string, given: Given): this {
    this.#old.set(name, valueOf(given));
    return this;
  }

  /** What a field will hold. */
  after(name: string, given: Given): this {
    this.#new.set(name, valueOf(given));
    return this;
  }

  /** The change. */
  build(): Change {
    return new Change(this.#object, this.#operation, this.wire());
  }

  /** The change as it travels. */
  wire(): WireChange {
    const changed = [...this.#new].filter(([name, value]) => !equal(this.#old.get(name) ?? { tag: "null" }, value));
    const fields = (of: Map<string, Value>): FieldValue[] => [...of].map(([name, value]) => ({ name, value }));
    const old = this.#operation === "create" ? {} : { old: fields(this.#old) };
    return { id: ID, ...old, new: fields(new Map([...this.#old, ...this.#new])), changed: changed.map(([name]) => name) };
  }
}

/** The id of records made here. */
const ID = "00000000-0000-4000-8000-000000000007";

/** A new record: `create("lead").after("city", "Bonn")`. */
export function create(object: string): ChangeBuilder {
  return new ChangeBuilder(object, "create");
}

/** A record that changes: `update("lead").before("city", "Ulm").after("city", "Bonn")`. */
export function update(object: string): ChangeBuilder {
  return new ChangeBuilder(object, "update");
}

/** A record that goes: `remove("lead").before("city", "Ulm")`. */
export function remove(object: string): ChangeBuilder {
  return new ChangeBuilder(object, "delete");
}

/** An event: `event("lead", "create", ["7"])`. */
export function event(object: string, operation: Operation, ids: string[]): Event {
  return { object, operation, records: ids.map((id) => ({ id, version: 1 })), changed: [], at: new Date(Number(host.now)) };
}

/**
 * Asks a hook about one change, as the host would: what it set, by field. Where it refuses, the `Refusal` is thrown.
 *
 * ```ts
 * const { patches } = ask(rules.beforeSave.lead, create("lead").after("name", " Li "));
 * assert.deepEqual(patches.name, { tag: "text", val: "Li" });
 * ```
 */
export function ask(hook: Hook<Operation>, about: ChangeBuilder): { change: Change; patches: Record<string, Value> } {
  const change = about.build();
  inside(() => (hook.all ? hook.all([change]) : hook.each?.(change)));
  const verdict = change.verdict();
  const [first] = verdict.tag === "refuse" ? verdict.val : [];
  if (first) throw new Refusal(first.message, first);
  const patches = verdict.tag === "patch" ? verdict.val : [];
  return { change, patches: Object.fromEntries(patches.map(({ name, value }) => [name, value])) };
}

/**
 * Runs code with `Date`, `Math.random`, `crypto`, `console` and `fetch` as a plugin has them, and puts Node's back.
 *
 * ```ts
 * host.now = Date.parse("2026-03-01T08:00:00Z");
 * assert.equal(inside(() => new Date().getUTCHours()), 8);
 * ```
 */
export function inside<T>(code: () => T): T {
  const restore = install();
  wake();
  let isLater = false;
  try {
    const given = code();
    isLater = given instanceof Promise;
    return isLater ? ((given as Promise<unknown>).finally(restore) as T) : given;
  } finally {
    if (!isLater) restore();
  }
}

/** What a plugin logged, or left for later. */
export interface LeftJob {
  id: string;
  job: string;
  input: unknown;
  at: Date | undefined;
  key: string | undefined;
}

export { incoming } from "./outward.ts";
export type { Call, Said } from "./outward.ts";

/** The host of tests: look at it, change it, `reset` it between tests. */
export const host = {
  /** The moment, in milliseconds. */
  now: 0,
  /** Lines that were logged. */
  lines: [] as { level: string; message: string }[],
  /** Jobs that were left. */
  jobs: [] as LeftJob[],
  /** Texts by key. */
  texts: new Map<string, string>(),
  /** Answers `records.query`. */
  query: undefined as ((document: string, variables: unknown) => unknown) | undefined,
  /** Settings of the package. */
  settings: new Map<string, unknown>(),
  /** Secrets of the package. */
  secrets: new Map<string, string>(),
  /** Answers calls to hosts outside. */
  answer: undefined as ((call: Call) => Said) | undefined,
  /** Calls that were sent. */
  calls: [] as Call[],
  /** Puts a record where `records.get` finds it: `host.put("account", "7", { name: "Li Ltd" })`. */
  put(object: string, id: string, values: Values): void {
    kept.set(`${object}/${id}`, { id, version: 1n, fields: fieldsOf(values) });
  },
  /** Forgets everything. */
  reset(): void {
    Object.assign(host, { now: 0, lines: [], jobs: [], texts: new Map(), query: undefined });
    Object.assign(host, { settings: new Map(), secrets: new Map(), answer: undefined, calls: [] });
    kept.clear();
    numbers.clear();
    made = 0;
  },
};

const kept = new Map<string, WireStored>();
const numbers = new Map<string, bigint>();
let made = 0;

function found(object: string, id: string): WireStored {
  const record = kept.get(`${object}/${id}`);
  if (!record) throw declined("NOT_FOUND", `there is no such ${object}`);
  return record;
}

function written(record: WireStored, values: FieldValue[]): WireStored {
  const names = new Set(values.map(({ name }) => name));
  return { ...record, version: record.version + 1n, fields: [...record.fields.filter(({ name }) => !names.has(name)), ...values] };
}

function added(object: string, fields: FieldValue[]) {
  made += 1;
  const id = `00000000-0000-4000-9000-${`${made}`.padStart(12, "0")}`;
  kept.set(`${object}/${id}`, { id, version: 1n, fields });
  return { id, version: 1n, created: true };
}

function changed(object: string, id: string, expected: bigint | undefined, values: FieldValue[]) {
  const record = found(object, id);
  if (expected !== undefined && expected !== record.version) throw declined("CONFLICT", "it has changed meanwhile");
  const after = written(record, values);
  kept.set(`${object}/${id}`, after);
  return { id, version: after.version, created: false };
}

function absent(what: string): never {
  throw new Error(`the host of tests does not answer ${what}: try it with \`tenon plugin dev\``);
}

/** The functions of the contract, as this host has them; `tool/` puts them in the place of the true ones. */
export const contract: Record<string, Record<string, unknown>> = {
  ...outwardOf(host),
  acting: { asItself: () => false },
  clock: {
    now: () => BigInt(host.now),
    today: () => daysOf(new Date(host.now).toISOString().slice(0, 10)),
  },
  crypto: {
    sha256: (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest()),
    hmacSha256: (key: Uint8Array, data: Uint8Array) => new Uint8Array(createHmac("sha256", key).update(data).digest()),
  },
  jobs: {
    start(job: string, input: string, at: bigint | undefined, key: string | undefined) {
      made += 1;
      host.jobs = host.jobs.filter((left) => key === undefined || left.key !== key);
      host.jobs.push({ id: `${made}`, job, input: JSON.parse(input), at: at === undefined ? at : new Date(Number(at)), key });
      return `${made}`;
    },
    cancel(key: string) {
      const before = host.jobs.length;
      host.jobs = host.jobs.filter((left) => left.key !== key);
      return host.jobs.length < before;
    },
  },
  kv: {
    get: (key: string) => host.texts.get(key),
    scan: (prefix: string, after: string | undefined, limit: number) =>
      [...host.texts].filter(([key]) => key.startsWith(prefix) && (after === undefined || key > after)).sort().slice(0, limit),
    set: (key: string, text: string) => void host.texts.set(key, text),
    delete: (key: string) => void host.texts.delete(key),
    add(key: string, by: bigint) {
      const sum = BigInt(host.texts.get(key) ?? 0) + by;
      host.texts.set(key, `${sum}`);
      return sum;
    },
    swap(key: string, expected: string | undefined, text: string | undefined) {
      if (host.texts.get(key) !== expected) return false;
      if (text === undefined) host.texts.delete(key);
      else host.texts.set(key, text);
      return true;
    },
  },
  limits: { remaining: () => ({ fuel: 50_000_000n, wall: 500, queries: 20, rows: 2_000, writes: 50, logBytes: 16_384, depth: 8 }) },
  log: { write: (level: string, message: string) => void host.lines.push({ level, message }) },
  random: {
    bytes(count: number) {
      made += 1;
      const bytes = new Uint8Array(count);
      for (let from = 0; from < count; from += 32) {
        bytes.set(createHash("sha256").update(`${made} ${from}`).digest().subarray(0, count - from), from);
      }
      return bytes;
    },
  },
  "records-bulk": {
    createMany: (object: string, rows: FieldValue[][]) => rows.map((row) => added(object, row).id),
    updateMany(object: string, rows: [string, FieldValue[]][]) {
      for (const [id, values] of rows) changed(object, id, undefined, values);
      return rows.length;
    },
  },
  "records-read": {
    get: (object: string, id: string) => kept.get(`${object}/${id}`),
    query: (document: string, variables: string) =>
      JSON.stringify(host.query ? host.query(document, JSON.parse(variables)) : absent("records.query: set `host.query`")),
  },
  "records-write": {
    getForUpdate: (object: string, id: string) => kept.get(`${object}/${id}`),
    lock: () => undefined,
    create: added,
    update: changed,
    updateWhere: () => absent("records.updateWhere"),
    createOrGet: () => absent("records.createOrGet"),
    delete(object: string, id: string) {
      found(object, id);
      kept.delete(`${object}/${id}`);
    },
    nextNumber(series: string) {
      const next = (numbers.get(series) ?? 0n) + 1n;
      numbers.set(series, next);
      return next;
    },
  },
};
