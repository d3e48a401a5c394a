/**
 * What is left of the limits, so that a plugin can stop in time.
 */
import * as host from "tenon:plugin/limits@1.0.0";
import type { Budget } from "./contract.ts";

/** What this call has left: `limits.remaining().queries`. */
export function remaining(): Budget {
  return host.remaining();
}
