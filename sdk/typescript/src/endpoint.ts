/**
 * Requests from outside at your endpoints, and answers to them.
 */
import type { WireRequest, WireResponse } from "./contract.ts";
import { bytesOf, type Data } from "./secrets.ts";

/** Who is let in: who signs the body, who signs as Standard Webhooks says, who has a key of the tenant, or anybody. */
export type Auth = { hmac: string; header: string } | { webhook: string } | "key" | "none";

/** An answer: 200 to 299 or 400 to 599, with `content-type`, `retry-after` and `x-…`. */
export interface Answer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  body?: Data;
  /** A body of JSON, in the place of `body`. */
  json?: unknown;
}

/** What may be called from outside, below `/t/TENANT/x/PACKAGE/`. */
export interface Endpoint {
  /** Method and path: `POST /orders`. */
  at: `${"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} /${string}`;
  auth: Auth;
  /** Called for a request that was let in, in a transaction of its own. */
  answer(request: Incoming): Answer | Promise<Answer>;
}

/** A request that came in, and was let in. */
export class Incoming {
  readonly method: string;
  /** Below your package: `/orders`. */
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  /** By lower-case name; without what let the caller in. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;

  /** The host makes these; in tests `incoming` does. */
  constructor({ method, path, query, headers, body }: WireRequest) {
    this.method = method;
    this.path = path;
    this.query = query;
    this.headers = headers;
    this.body = body;
  }

  /** A header by its name. */
  header(name: string): string | undefined {
    return this.headers.find(([one]) => one === name.toLowerCase())?.[1];
  }

  /** A parameter of the query. */
  parameter(name: string): string | undefined {
    return this.query.find(([one]) => one === name)?.[1];
  }

  /** The body as text. */
  text(): string {
    return new TextDecoder().decode(this.body);
  }

  /** The body as JSON; what is none is thrown. */
  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }
}

/** An answer as it travels. */
export function wireOf({ status, headers = {}, body, json }: Answer): WireResponse {
  const typed: Readonly<Record<string, string>> = json === undefined ? headers : { "content-type": "application/json", ...headers };
  const said = json === undefined ? body : JSON.stringify(json);
  return { status, headers: Object.entries(typed), body: said === undefined ? new Uint8Array() : bytesOf(said) };
}
