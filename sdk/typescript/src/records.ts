/**
 * Reading and writing records: as the caller, and within what your package was granted. Reading is for everywhere, writing for
 * `afterSave`, `afterDelete`, actions, jobs and events. What is declined is thrown as a `Problem`.
 */
import * as bulk from "tenon:plugin/records-bulk@1.0.0";
import * as read from "tenon:plugin/records-read@1.0.0";
import * as write from "tenon:plugin/records-write@1.0.0";
import type { WireSaved, WireStored } from "./contract.ts";
import { Fields } from "./fields.ts";
import { asked } from "./refusal.ts";
import { fieldsOf, type Values } from "./values.ts";

/** A record as it is stored, and to be seen. What holds nothing, or is withheld, is not in it. */
export class StoredRecord extends Fields {
  readonly id: string;
  readonly version: number;

  /** The host makes these. */
  constructor(stored: WireStored) {
    super(stored.fields);
    this.id = stored.id;
    this.version = Number(stored.version);
  }
}

/** A record that was written, or found. */
export interface Saved {
  id: string;
  version: number;
  /** Whether it is new. */
  created: boolean;
}

/** Of which version a record must be, where it matters: otherwise a `CONFLICT`. */
export interface Expecting {
  expectVersion?: number;
}

/**
 * One record; none where it is not there, or not to be seen.
 *
 * ```ts
 * const name = records.get("account", id)?.text("name");
 * ```
 */
export function get(object: string, id: string): StoredRecord | undefined {
  return stored(asked(() => read.get(object, id)));
}

/**
 * A query of the data API, at most 1 MiB of answer. `tenon typegen --lang ts` makes types for what it gives.
 *
 * ```ts
 * const data = records.query<{ accounts: { nodes: { id: string }[] } }>("query($n: Int!) { accounts(first: $n) { nodes { id } } }", { n: 5 });
 * ```
 */
export function query<T = Record<string, unknown>>(document: string, variables: object = {}): T {
  return JSON.parse(asked(() => read.query(document, JSON.stringify(variables)))) as T;
}

/** As `get`, and nobody else writes the record until the transaction ends: `records.getForUpdate("lead", id)`. */
export function getForUpdate(object: string, id: string): StoredRecord | undefined {
  return stored(asked(() => write.getForUpdate(object, id)));
}

/** Holds a name of your package until the transaction ends; take names in the order of the alphabet: `records.lock("pool")`. */
export function lock(name: string): void {
  asked(() => write.lock(name));
}

/**
 * A new record.
 *
 * ```ts
 * const { id } = records.create("activity", { subject: "Say thank you" });
 * ```
 */
export function create(object: string, values: Values): Saved {
  return saved(asked(() => write.create(object, fieldsOf(values))));
}

/**
 * Changes a record.
 *
 * ```ts
 * records.update("account", id, { city: "Bonn" }, { expectVersion: 3 });
 * ```
 */
export function update(object: string, id: string, values: Values, { expectVersion }: Expecting = {}): Saved {
  return saved(asked(() => write.update(object, id, version(expectVersion), fieldsOf(values))));
}

/**
 * The same change of every record that a filter of the data API selects, `limit` at most (200); how many changed.
 *
 * ```ts
 * records.updateWhere("lead", { city: { eq: "Bonn" } }, { rating: "hot" }, 50);
 * ```
 */
export function updateWhere(object: string, filter: object, values: Values, limit: number): number {
  return asked(() => write.updateWhere(object, JSON.stringify(filter), fieldsOf(values), limit));
}

/**
 * The record that a unique key of the object finds with these values, left as it is; or a new one. Of two at once exactly one
 * creates.
 *
 * ```ts
 * const { created } = records.createOrGet("product", "by_code", { code: "P-1", name: "Pump" });
 * ```
 */
export function createOrGet(object: string, key: string, values: Values): Saved {
  return saved(asked(() => write.createOrGet(object, key, fieldsOf(values))));
}

/** Into the recycle bin, with what goes along: `records.remove("activity", id)`. */
export function remove(object: string, id: string, { expectVersion }: Expecting = {}): void {
  asked(() => write.delete(object, id, version(expectVersion)));
}

/** The next number of a series of your package, from 1, without gaps: `records.nextNumber("invoice")`. */
export function nextNumber(series: string): number {
  return Number(asked(() => write.nextNumber(series)));
}

/**
 * New records of one object in one save, 200 at most: all of them or none; their ids.
 *
 * ```ts
 * records.createMany("activity", [{ subject: "Call" }, { subject: "Write" }]);
 * ```
 */
export function createMany(object: string, rows: readonly Values[]): string[] {
  return asked(() => bulk.createMany(object, rows.map(fieldsOf)));
}

/**
 * Changes records of one object in one save, 200 at most: all of them or none; how many changed.
 *
 * ```ts
 * records.updateMany("lead", [["7", { city: "Bonn" }], ["8", { city: "Ulm" }]]);
 * ```
 */
export function updateMany(object: string, rows: readonly (readonly [id: string, values: Values])[]): number {
  return asked(() => bulk.updateMany(object, rows.map(([id, values]) => [id, fieldsOf(values)])));
}

function stored(found: WireStored | undefined): StoredRecord | undefined {
  return found && new StoredRecord(found);
}

function saved({ id, version, created }: WireSaved): Saved {
  return { id, version: Number(version), created };
}

function version(expected: number | undefined): bigint | undefined {
  return expected === undefined ? undefined : BigInt(expected);
}
