/// <reference path="./host.d.ts" />
/**
 * The types of the contract `tenon:plugin@1`, as they travel between host and plugin. Authors meet few of them.
 */

/** A number that is exact in decimal notation, as text: `-12.50`. */
export type DecimalText = string;

/** An amount in a currency. */
export interface Money {
  amount: DecimalText;
  /** ISO 4217 code, upper case. */
  currency: string;
}

/** A point on earth, WGS 84, in degrees. */
export interface Geo {
  lat: number;
  lng: number;
}

/** A postal address. Every part may be missing. */
export interface Address {
  /** ISO 3166 alpha-2 code, upper case. */
  country?: string;
  region?: string;
  city?: string;
  district?: string;
  street?: string;
  postalCode?: string;
  location?: Geo;
}

/** A record, or whoever acts, by what it is and its id. */
export interface Reference {
  /** API name of the object, or the kind of actor. */
  object: string;
  id: string;
}

/** One value of one field or relation, as it travels. */
export type Value =
  | { tag: "null" }
  | { tag: "boolean"; val: boolean }
  | { tag: "integer"; val: bigint }
  | { tag: "decimal"; val: DecimalText }
  | { tag: "text"; val: string }
  | { tag: "date"; val: number }
  | { tag: "datetime"; val: bigint }
  | { tag: "duration"; val: bigint }
  | { tag: "choices"; val: string[] }
  | { tag: "money"; val: Money }
  | { tag: "geo"; val: Geo }
  | { tag: "address"; val: Address }
  | { tag: "json"; val: string }
  | { tag: "reference"; val: Reference };

/** A field or relation by API name, and what it holds. */
export interface FieldValue {
  name: string;
  value: Value;
}

/** What happens to the records. */
export type Operation = "create" | "update" | "delete" | "restore";

/** One record, before and after, as it travels. */
export interface WireChange {
  id: string;
  old?: FieldValue[];
  new: FieldValue[];
  changed: string[];
}

/** Why a record may not be saved, as it travels. */
export interface WireRefusal {
  rule?: string;
  message: string;
  field?: string;
}

/** The answer to one change, as it travels. */
export type Verdict = { tag: "keep" } | { tag: "patch"; val: FieldValue[] } | { tag: "refuse"; val: WireRefusal[] };

/** What a computed field is made of, as it travels. */
export interface WireRow {
  id: string;
  fields: FieldValue[];
}

/** Why there is no answer, as it travels. */
export type WireError = { tag: "refused"; val: WireRefusal } | { tag: "failed"; val: string };

/** A record as it is stored, as it travels. */
export interface WireStored {
  id: string;
  version: bigint;
  fields: FieldValue[];
}

/** A record that was written, or found, as it travels. */
export interface WireSaved {
  id: string;
  version: bigint;
  created: boolean;
}

/** What was saved, as it travels. */
export interface WireEvent {
  object: string;
  operation: Operation;
  records: { id: string; version: bigint }[];
  changed: string[];
  at: bigint;
}

/** A request that came in, as it travels. */
export interface WireRequest {
  method: string;
  path: string;
  query: [name: string, value: string][];
  headers: [name: string, value: string][];
  body: Uint8Array;
}

/** An answer by HTTP, as it travels. */
export interface WireResponse {
  status: number;
  headers: [name: string, value: string][];
  body: Uint8Array;
}

/** How a step of a job ended, as it travels. */
export type WireOutcome = { tag: "done"; val: string } | { tag: "goes-on"; val: string };

/** What a call has left of its limits. */
export interface Budget {
  fuel: bigint;
  /** Milliseconds until the call is ended. */
  wall: number;
  queries: number;
  rows: number;
  writes: number;
  logBytes: number;
  /** How many levels of plugins may stand below this one. */
  depth: number;
}
