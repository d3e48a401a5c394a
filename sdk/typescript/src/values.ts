/**
 * Values of fields. What JavaScript has a type for is written as it is; for the rest there are small functions.
 *
 * | field | you write | you read |
 * |---|---|---|
 * | text, choice | `"Bonn"` | `change.text` |
 * | boolean | `true` | `change.boolean` |
 * | integer | `12` | `change.integer` |
 * | decimal, percent | `decimal("12.50")` | `change.decimal`, exact, as text |
 * | money | `money("12.50", "CNY")` | `change.money` |
 * | date | `date("2026-01-31")` | `change.date`, `"2026-01-31"` |
 * | datetime | `new Date(…)` | `change.datetime` |
 * | duration | `duration(90_000)` | `change.duration`, milliseconds |
 * | choices | `["solar", "wind"]` | `change.choices` |
 * | to-one relation | `reference("account", id)` | `change.reference` |
 * | geo, address, json | `geo(31.2, 121.5)` `address({ city })` `json({…})` | `change.geo` `change.address` `change.json` |
 * | nothing | `null` | `undefined` |
 */
import type { Address, FieldValue, Value } from "./contract.ts";

/** Milliseconds of a day. */
const DAY = 86_400_000;

/** What may be written to a field. */
export type Given = Value | string | number | bigint | boolean | Date | readonly string[] | null;

/** Values by field or relation. */
export type Values = Readonly<Record<string, Given | undefined>>;

/**
 * An exact decimal number: `decimal("12.50")`.
 *
 * ```ts
 * change.set("probability", decimal("30"));
 * ```
 */
export function decimal(text: string): Value {
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new TypeError(`\`${text}\` is no decimal number`);
  return { tag: "decimal", val: text };
}

/**
 * An amount in a currency.
 *
 * ```ts
 * change.set("amount", money("12.50", "CNY"));
 * ```
 */
export function money(amount: string, currency: string): Value {
  decimal(amount);
  return { tag: "money", val: { amount, currency } };
}

/**
 * A day.
 *
 * ```ts
 * change.set("close_date", date("2026-01-31"));
 * ```
 */
export function date(text: string): Value {
  return { tag: "date", val: daysOf(text) };
}

/**
 * A length of time, in milliseconds.
 *
 * ```ts
 * change.set("call_length", duration(90_000));
 * ```
 */
export function duration(milliseconds: number): Value {
  return { tag: "duration", val: BigInt(Math.trunc(milliseconds)) };
}

/**
 * The record that a to-one relation points to.
 *
 * ```ts
 * records.create("contact", { last_name: "Li", account: reference("account", id) });
 * ```
 */
export function reference(object: string, id: string): Value {
  return { tag: "reference", val: { object, id } };
}

/**
 * A point on earth, in degrees.
 *
 * ```ts
 * change.set("place", geo(31.23, 121.47));
 * ```
 */
export function geo(lat: number, lng: number): Value {
  return { tag: "geo", val: { lat, lng } };
}

/**
 * A postal address.
 *
 * ```ts
 * change.set("billing_address", address({ city: "Bonn", country: "DE" }));
 * ```
 */
export function address(parts: Address): Value {
  return { tag: "address", val: { ...parts } };
}

/**
 * What a `json` field holds.
 *
 * ```ts
 * change.set("answers", json({ first: 1 }));
 * ```
 */
export function json(content: unknown): Value {
  return { tag: "json", val: JSON.stringify(content) };
}

/** A value as it travels. */
export function valueOf(given: Given): Value {
  if (given === null) return { tag: "null" };
  if (typeof given === "string") return { tag: "text", val: given };
  if (typeof given === "boolean") return { tag: "boolean", val: given };
  if (typeof given === "bigint") return { tag: "integer", val: given };
  if (typeof given === "number") {
    if (!Number.isSafeInteger(given)) throw new TypeError(`${given} is no whole number: write decimal("…") or money("…", …)`);
    return { tag: "integer", val: BigInt(given) };
  }
  if (given instanceof Date) return { tag: "datetime", val: BigInt(given.getTime()) };
  if (isList(given)) return { tag: "choices", val: [...given] };
  return given;
}

/** Values as they travel; what is `undefined` is left out. */
export function fieldsOf(values: Values): FieldValue[] {
  const fields: FieldValue[] = [];
  for (const [name, given] of Object.entries(values)) {
    if (given !== undefined) fields.push({ name, value: valueOf(given) });
  }
  return fields;
}

/** Days since 1970 of `2026-01-31`. */
export function daysOf(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // A day that no month has would be another one.
  if (Number.isNaN(at) || dayOf(at / DAY) !== text) throw new TypeError(`\`${text}\` is no day: write 2026-01-31`);
  return at / DAY;
}

/** The day that many days after 1970-01-01, as `2026-01-31`. */
export function dayOf(days: number): string {
  return new Date(days * DAY).toISOString().slice(0, 10);
}

/** Whether two values are the same. */
export function equal(one: Value, other: Value): boolean {
  return one.tag === other.tag && written(one) === written(other);
}

/** Whether a value is nothing: not there, blank text, an empty list. */
export function isNothing(value: Value | undefined): boolean {
  if (value === undefined || value.tag === "null") return true;
  if (value.tag === "text") return value.val.trim() === "";
  return value.tag === "choices" && value.val.length === 0;
}

function isList(given: Given): given is readonly string[] {
  return Array.isArray(given);
}

function written(value: Value): string {
  return value.tag === "null" ? "" : JSON.stringify(value.val, (_, part) => (typeof part === "bigint" ? `${part}` : part));
}
