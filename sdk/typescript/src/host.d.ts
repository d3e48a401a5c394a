// The functions of the host, as `sdk/wit` has them. In a component the host answers; in tests `@tenon/sdk/testing` does.

declare module "tenon:plugin/acting@1.0.0" {
  export function asItself(on: boolean): boolean;
}
declare module "tenon:plugin/clock@1.0.0" {
  export function now(): bigint;
  export function today(): number;
}
declare module "tenon:plugin/config@1.0.0" {
  export function get(name: string): string | undefined;
}
declare module "tenon:plugin/crypto@1.0.0" {
  export function sha256(data: Uint8Array): Uint8Array;
  export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
}
declare module "tenon:plugin/http@1.0.0" {
  type Piece = { tag: "text"; val: string } | { tag: "bytes"; val: Uint8Array } | { tag: "secret"; val: string };
  type Field = { name: string; value: Piece[] };
  type Request = { grant: string; method: string; path: string; query: Field[]; headers: Field[]; body: Piece[] };
  export function send(request: Request): import("./contract.ts").WireResponse;
}
declare module "tenon:plugin/jobs@1.0.0" {
  export function start(job: string, input: string, at: bigint | undefined, key: string | undefined): string;
  export function cancel(key: string): boolean;
}
declare module "tenon:plugin/kv@1.0.0" {
  export function get(key: string): string | undefined;
  export function scan(prefix: string, after: string | undefined, limit: number): [string, string][];
  export function set(key: string, text: string): void;
  export { remove as delete };
  function remove(key: string): void;
  export function add(key: string, by: bigint): bigint;
  export function swap(key: string, expected: string | undefined, text: string | undefined): boolean;
}
declare module "tenon:plugin/limits@1.0.0" {
  export function remaining(): import("./contract.ts").Budget;
}
declare module "tenon:plugin/log@1.0.0" {
  export function write(level: "debug" | "info" | "warn" | "error", message: string): void;
}
declare module "tenon:plugin/random@1.0.0" {
  export function bytes(count: number): Uint8Array;
}
declare module "tenon:plugin/records-bulk@1.0.0" {
  type FieldValue = import("./contract.ts").FieldValue;
  export function createMany(object: string, rows: FieldValue[][]): string[];
  export function updateMany(object: string, rows: [string, FieldValue[]][]): number;
}
declare module "tenon:plugin/records-read@1.0.0" {
  export function get(object: string, id: string): import("./contract.ts").WireStored | undefined;
  export function query(document: string, variables: string): string;
}
declare module "tenon:plugin/records-write@1.0.0" {
  type FieldValue = import("./contract.ts").FieldValue;
  type Saved = import("./contract.ts").WireSaved;
  export function getForUpdate(object: string, id: string): import("./contract.ts").WireStored | undefined;
  export function lock(name: string): void;
  export function create(object: string, values: FieldValue[]): Saved;
  export function update(object: string, id: string, expectVersion: bigint | undefined, values: FieldValue[]): Saved;
  export function updateWhere(object: string, filter: string, values: FieldValue[], limit: number): number;
  export function createOrGet(object: string, key: string, values: FieldValue[]): Saved;
  export { remove as delete };
  function remove(object: string, id: string, expectVersion: bigint | undefined): void;
  export function nextNumber(series: string): bigint;
}
declare module "tenon:plugin/secrets@1.0.0" {
  export function isSet(name: string): boolean;
  export function hmac(name: string, data: Uint8Array): Uint8Array;
  export function verify(name: string, data: Uint8Array, mac: Uint8Array): boolean;
  export function sign(name: string, data: Uint8Array): Uint8Array;
  export function encrypt(name: string, data: Uint8Array): Uint8Array;
  export function decrypt(name: string, data: Uint8Array): Uint8Array | undefined;
}
