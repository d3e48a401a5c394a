/**
 * Leaving work for later: a job is there exactly if the transaction that left it is.
 */
import * as host from "tenon:plugin/jobs@1.0.0";
import { asked } from "./refusal.ts";

/**
 * Leaves a job that your plugin declares: to be done as soon as may be, or not before a moment of the tenant's clock. Under a key
 * it takes the place of what waits there: a timer that can be set anew. Gives the job's id.
 *
 * ```ts
 * jobs.start("remind", { deal: change.id }, { at: new Date(Date.now() + 86_400_000), key: `remind/${change.id}` });
 * ```
 */
export function start(job: string, input: unknown = null, { at, key }: { at?: Date; key?: string } = {}): string {
  return asked(() => host.start(job, JSON.stringify(input), at && BigInt(at.getTime()), key));
}

/** Takes back what waits under a key; false where nothing does: `jobs.cancel("remind/7")`. */
export function cancel(key: string): boolean {
  return asked(() => host.cancel(key));
}
