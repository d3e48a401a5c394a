/**
 * The settings of your package, as an administrator of the tenant has set them: `settings` in `package.yaml`.
 */
import * as host from "tenon:plugin/config@1.0.0";
import { asked } from "./refusal.ts";

/**
 * A setting: what was set in this tenant, else its default, else `null`. Counts as a query; a name that `package.yaml` does not have
 * is `NOT_FOUND`.
 *
 * ```ts
 * const days = config.get<number>("days") ?? 3;
 * ```
 */
export function get<T = unknown>(name: string): T | null {
  const set = asked(() => host.get(name));
  return set === undefined ? null : (JSON.parse(set) as T);
}
