/**
 * As whom a plugin reads and writes: as its caller, unless it says otherwise.
 */
import * as host from "tenon:plugin/acting@1.0.0";
import { asked } from "./refusal.ts";

/**
 * Does some work as your package: the caller's rights and row rules are not asked, your grant is as far as it goes. So check
 * first whether he should.
 *
 * ```ts
 * acting.asItself(() => records.update("lead", id, { owner: reference("user", me) }));
 * ```
 */
export function asItself<T>(work: () => T): T {
  const before = asked(() => host.asItself(true));
  try {
    return work();
  } finally {
    asked(() => host.asItself(before));
  }
}
