/**
 * Calling hosts outside: those that `package.yaml` names under `grants.http`; in jobs, events and endpoints.
 *
 * Call first, write afterwards: while a host is waited for, no transaction is open. Your call ends there, what it wrote so far is
 * undone, and it begins again from its beginning with the answer at hand.
 */
import * as host from "tenon:plugin/http@1.0.0";
import type { WireResponse } from "./contract.ts";
import { asked } from "./refusal.ts";
import { bytesOf, type Data } from "./secrets.ts";

/** A secret by its name, put in by the host on its way out. Made by `secret`. */
export class Secret {
  readonly name: string;
  /** Use `http.secret`. */
  constructor(name: string) {
    this.name = name;
  }
}

/** A secret, where its grant says: in which header, which parameter, or the body: `http.secret("billing_key")`. */
export function secret(name: string): Secret {
  return new Secret(name);
}

/** A value of a header or parameter: a text, or pieces one after the other. */
export type Text = string | readonly (string | Secret)[];

/** Headers or parameters: by name, or one after the other where a name comes again. */
export type Fields = Readonly<Record<string, Text>> | readonly (readonly [name: string, value: Text])[];

/** A request in the making. */
export interface Request {
  /** `GET` where nothing is said, and `POST` where there is a body. */
  method?: string;
  /** Parameters, as they are meant. */
  query?: Fields;
  headers?: Fields;
  body?: Data | readonly (Data | Secret)[];
  /** A body of JSON, in the place of `body`. */
  json?: unknown;
}

/** An answer, whatever its status. */
export class Response {
  readonly status: number;
  readonly body: Uint8Array;
  readonly #headers: [name: string, value: string][];

  /** The host makes these. */
  constructor({ status, headers, body }: WireResponse) {
    this.status = status;
    this.body = body;
    this.#headers = headers;
  }

  /** Whether it went well: 200 to 299. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** A header by its name. */
  header(name: string): string | undefined {
    return this.#headers.find(([one]) => one === name.toLowerCase())?.[1];
  }

  /** All headers, by lower-case name. */
  get headers(): readonly (readonly [name: string, value: string])[] {
    return this.#headers;
  }

  /** The body as text. */
  text(): string {
    return new TextDecoder().decode(this.body);
  }

  /** The body as JSON. */
  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }
}

/**
 * Sends a request to a granted host, and waits for the answer. What was not granted is a `Problem` with `FORBIDDEN`, a host that cannot
 * be reached, or not in time, with `UNAVAILABLE`.
 *
 * ```ts
 * const answer = http.send("billing", "/v1/deals", {
 *   headers: { authorization: ["Bearer ", http.secret("billing_key")] },
 *   json: { amount: 7 },
 * });
 * if (!answer.ok) throw new Error(`it answered ${answer.status}`);
 * ```
 */
export function send(grant: string, path: string, { method, query = {}, headers = {}, body, json }: Request = {}): Response {
  const listed = (of: Fields): readonly (readonly [string, Text])[] => (Array.isArray(of) ? of : Object.entries(of));
  const fields = (of: Fields) => listed(of).map(([name, text]) => ({ name, value: pieces(text) }));
  const said = json === undefined ? body : JSON.stringify(json);
  const request = {
    grant,
    method: method ?? (said === undefined ? "GET" : "POST"),
    path,
    query: fields(query),
    headers: fields(json === undefined ? headers : [["content-type", "application/json"], ...listed(headers)]),
    body: said === undefined ? [] : pieces(said),
  };
  return new Response(asked(() => host.send(request)));
}

function pieces(of: Data | readonly (Data | Secret)[]): Parameters<typeof host.send>[0]["body"] {
  const all: readonly (Data | Secret)[] = typeof of === "string" || of instanceof Uint8Array ? [of] : of;
  return all.map((piece) => {
    if (piece instanceof Secret) return { tag: "secret", val: piece.name };
    return typeof piece === "string" ? { tag: "text", val: piece } : { tag: "bytes", val: bytesOf(piece) };
  });
}
