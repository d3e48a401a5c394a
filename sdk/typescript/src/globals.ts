/**
 * What JavaScript has of time, chance and the world outside, from the host: `Date`, `Math.random`, `crypto`, `console`, `fetch`.
 *
 * A component is a snapshot, taken at build after your modules were run: what they drew or read off a clock there would be the
 * same for ever. So all of it is forbidden until the host has called (`wake`).
 */
import * as clock from "tenon:plugin/clock@1.0.0";
import * as log from "tenon:plugin/log@1.0.0";
import * as random from "tenon:plugin/random@1.0.0";

/** Bytes drawn at once for `Math.random`: one request for 32 numbers. */
const DRAWN = 256;
/** Bytes that the host gives at most. */
const BYTES_MAX = 4_096;

let outward: ((...given: unknown[]) => Promise<unknown>) | undefined;
let isAwake = false;
let drawn: DataView | undefined;
let at = 0;

/** From here on there is a call. */
export function wake(): void {
  isAwake = true;
}

/** From here on `fetch` is answered so. */
export function fetchBy(answering: (...given: unknown[]) => Promise<unknown>): void {
  outward = answering;
}

function fetching(...given: unknown[]): Promise<unknown> {
  if (!outward) throw new Error('there is no fetch in a plugin that does not say `import "@tenon/sdk/fetch"`');
  needsCall("fetch is called");
  return outward(...given);
}

function needsCall(what: string): void {
  if (!isAwake) {
    throw new Error(`${what} at the top level of a module: it would be the same in every call. Use it inside your hooks.`);
  }
}

function now(): number {
  needsCall("the time is asked");
  return Number(clock.now());
}

function number(): number {
  needsCall("Math.random is called");
  if (!drawn || at + 8 > drawn.byteLength) {
    const bytes = random.bytes(DRAWN);
    drawn = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    at = 0;
  }
  const bits = drawn.getBigUint64(at) >> 11n;
  at += 8;
  return Number(bits) / 2 ** 53;
}

function fill<T extends ArrayBufferView>(view: T): T {
  needsCall("random bytes are drawn");
  const into = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  for (let from = 0; from < into.length; from += BYTES_MAX) {
    into.set(random.bytes(Math.min(BYTES_MAX, into.length - from)), from);
  }
  return view;
}

function uuid(): string {
  const bytes = fill(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** `Date` whose now is the host's. */
function hostDate(own: DateConstructor): DateConstructor {
  return new Proxy(own, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length > 0 ? args : [now()], newTarget) as object,
    apply: () => new own(now()).toString(),
    get: (target, name, receiver) => (name === "now" ? now : (Reflect.get(target, name, receiver) as unknown)),
  });
}

function line(level: "debug" | "info" | "warn" | "error"): (...words: unknown[]) => void {
  return (...words) => {
    if (isAwake) log.write(level, words.map(shown).join(" "));
  };
}

function shown(word: unknown): string {
  if (typeof word === "string") return word;
  if (word instanceof Error) return word.stack ?? `${word}`;
  try {
    return JSON.stringify(word, (_, part) => (typeof part === "bigint" ? `${part}` : (part as unknown))) ?? String(word);
  } catch {
    return String(word);
  }
}

function absent(what: string, instead: string): () => never {
  return () => {
    throw new Error(`there is no ${what} in a plugin: ${instead}`);
  };
}

/** Puts all of it in the place of what is there; what it gives puts that back. */
export function install(): () => void {
  const timer = "leave a job with `jobs.start`";
  const ours: Record<string, unknown> = {
    Date: hostDate(Date),
    console: { debug: line("debug"), log: line("info"), info: line("info"), warn: line("warn"), error: line("error"), trace: line("debug") },
    crypto: { getRandomValues: fill, randomUUID: uuid },
    performance: { now, timeOrigin: 0 },
    fetch: fetching,
    setTimeout: absent("setTimeout", timer),
    setInterval: absent("setInterval", timer),
  };
  const before = Object.keys(ours).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(ours)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true, enumerable: false });
  }
  const ownRandom = Math.random;
  Math.random = number;
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
    Math.random = ownRandom;
    isAwake = false;
    drawn = undefined;
  };
}
