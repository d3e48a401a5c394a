/**
 * The time of the operation. It stands still: one save has one time, however often its hooks run. `Date` has the same.
 */
import * as host from "tenon:plugin/clock@1.0.0";
import { dayOf } from "./values.ts";

/** The moment at which the operation began: `clock.now().getTime()`. */
export function now(): Date {
  return new Date(Number(host.now()));
}

/** The day of that moment in the tenant's time zone: `clock.today() === "2026-03-01"`. */
export function today(): string {
  return dayOf(host.today());
}
