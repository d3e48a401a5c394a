/**
 * What was saved, as listeners hear of it.
 */
import type { Operation, WireEvent } from "./contract.ts";

/**
 * Records of one object that one save wrote. They may have changed since: read what you need.
 *
 * ```ts
 * heard(event) {
 *   for (const { id } of event.records) log.info(`${event.object} ${id}`);
 * }
 * ```
 */
export interface Event {
  /** API name of the object. */
  object: string;
  operation: Operation;
  /** 200 at most; a larger save makes several events. */
  records: { id: string; version: number }[];
  /** API names of the fields that changed in any of them, as far as the package was granted them. */
  changed: string[];
  /** When they were saved, by the tenant's clock. */
  at: Date;
}

/** An event as it travels, for authors. */
export function eventOf(event: WireEvent): Event {
  const records = event.records.map(({ id, version }) => ({ id, version: Number(version) }));
  return { ...event, records, at: new Date(Number(event.at)) };
}
