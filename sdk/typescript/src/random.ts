/**
 * Chance: nobody can guess it, and a replay has the same. `Math.random` and `crypto.getRandomValues` draw from it.
 */
import * as host from "tenon:plugin/random@1.0.0";

/** So many bytes, 4,096 at most: `random.bytes(16)`. */
export function bytes(count: number): Uint8Array {
  return host.bytes(count);
}
