/**
 * Refusing and failing: what an author says to users, what the host says to the plugin, and how both travel.
 */
import type { WireError, WireRefusal } from "./contract.ts";

/**
 * Your polite no: throw it, and users read its words. Anything else that is thrown is a fault, which only operators read.
 *
 * ```ts
 * throw new Refusal("a won deal needs a close date", { field: "close_date", rule: "CLOSE_DATE_MISSING" });
 * ```
 */
export class Refusal extends Error {
  /** A stable word for programs: `DAILY_LIMIT`. */
  readonly rule: string | undefined;
  /** API name of the field or relation concerned. */
  readonly field: string | undefined;

  constructor(message: string, about: { field?: string; rule?: string } = {}) {
    super(message);
    this.name = "Refusal";
    this.rule = about.rule;
    this.field = about.field;
  }
}

/**
 * Why a request to the host was declined, in the words every caller gets. Not caught it ends your hook: somebody's refusal
 * stays a refusal, everything else is a fault.
 *
 * ```ts
 * try {
 *   records.update("account", id, { city: "Bonn" }, { expectVersion: 3 });
 * } catch (error) {
 *   if (!(error instanceof Problem) || error.code !== "CONFLICT") throw error;
 * }
 * ```
 */
export class Problem extends Error {
  /** `INVALID` `FORBIDDEN` `NOT_FOUND` `CONFLICT` `REFUSED` `EXHAUSTED`. */
  readonly code: string;
  /** A stable word for programs. */
  readonly rule: string | undefined;
  /** API name of the field or relation concerned. */
  readonly field: string | undefined;

  constructor(told: { code: string; message: string; rule?: string; field?: string }) {
    super(told.message);
    this.name = "Problem";
    this.code = told.code;
    this.rule = told.rule;
    this.field = told.field;
  }
}

/** Asks the host: what it declines is thrown as a `Problem`. */
export function asked<T>(request: () => T): T {
  try {
    return request();
  } catch (error) {
    const told = (error as { payload?: unknown } | undefined)?.payload ?? error;
    if (typeof told === "object" && told !== null && "code" in told && "message" in told && !(told instanceof Error)) {
      throw new Problem(told as { code: string; message: string });
    }
    throw error;
  }
}

/** A refusal as it travels; none where something else was thrown. */
export function refusalOf(error: unknown): WireRefusal | undefined {
  if (error instanceof Refusal || (error instanceof Problem && error.code === "REFUSED")) {
    return { message: error.message, ...(error.rule && { rule: error.rule }), ...(error.field && { field: error.field }) };
  }
  return undefined;
}

/** What was thrown, as it travels. */
export function errorOf(error: unknown): WireError {
  const refusal = refusalOf(error);
  if (refusal) return { tag: "refused", val: refusal };
  if (error instanceof Problem) return { tag: "failed", val: `${error.code}: ${error.message}` };
  if (error instanceof Error) return { tag: "failed", val: `${error.name}: ${error.message}\n${error.stack ?? ""}`.trim() };
  return { tag: "failed", val: String(error) };
}
