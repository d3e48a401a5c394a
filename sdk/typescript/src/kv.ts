/**
 * Texts by key, of your package alone, in each tenant; part of the transaction. Reading is for everywhere, changing for
 * `afterSave`, `afterDelete`, actions, jobs and events.
 */
import * as host from "tenon:plugin/kv@1.0.0";
import { asked } from "./refusal.ts";

/** The text under a key: `kv.get("rate")`. */
export function get(key: string): string | undefined {
  return asked(() => host.get(key));
}

/**
 * Keys that begin so, after this one, in the order of their bytes, with their texts; 200 at most.
 *
 * ```ts
 * for (const [key, text] of kv.scan("rate/")) log.info(`${key}: ${text}`);
 * ```
 */
export function scan(prefix: string, after?: string, limit = 200): [key: string, text: string][] {
  return asked(() => host.scan(prefix, after, limit));
}

/** Puts a text under a key: `kv.set("rate", "7.1")`. */
export function set(key: string, text: string): void {
  asked(() => host.set(key, text));
}

/** Removes what is under a key: `kv.remove("rate")`. */
export function remove(key: string): void {
  asked(() => host.delete(key));
}

/** Adds to the whole number under a key, and gives the sum; of two at once none is lost: `kv.add("calls", 1)`. */
export function add(key: string, by: number): number {
  return Number(asked(() => host.add(key, BigInt(by))));
}

/**
 * Puts a text (or nothing) under a key where there is just this (or nothing) now; whether it was so.
 *
 * ```ts
 * if (!kv.swap("turn", undefined, "mine")) throw new Refusal("somebody was faster");
 * ```
 */
export function swap(key: string, expected: string | undefined, text: string | undefined): boolean {
  return asked(() => host.swap(key, expected, text));
}
