/**
 * `import "@tenon/sdk/fetch"` gives code that expects it a `fetch`: of the hosts that `package.yaml` names under `grants.http`, by their
 * addresses. Without that line your component does not ask to reach out at all.
 *
 * ```ts
 * import "@tenon/sdk/fetch";
 *
 * const answer = await fetch("https://api.acme.com/v1/deals", { method: "POST", body: JSON.stringify({ amount: 7 }) });
 * ```
 *
 * It is `http.send` in other clothes: answered at once, and with the same rules. Secrets are for `http.send`.
 */
import { fetchBy } from "./globals.ts";
import { type Response as Answer, send } from "./http.ts";

/** What is read of the second argument; the rest (redirects, credentials, caches) is not for a plugin to say. */
interface Init {
  method?: string;
  headers?: Record<string, string> | Iterable<readonly [string, string]>;
  body?: unknown;
}

/** An answer as `fetch` gives it: as much of it as a plugin needs. */
class Fetched {
  readonly #answer: Answer;
  readonly url: string;
  readonly redirected = false;
  readonly type = "basic";
  readonly headers: FetchedHeaders;

  constructor(url: string, answer: Answer) {
    this.url = url;
    this.#answer = answer;
    this.headers = new FetchedHeaders(answer);
  }

  get ok(): boolean {
    return this.#answer.ok;
  }

  get status(): number {
    return this.#answer.status;
  }

  get statusText(): string {
    return "";
  }

  text(): Promise<string> {
    return Promise.resolve(this.#answer.text());
  }

  json(): Promise<unknown> {
    // What is no JSON is thrown to whoever awaits it.
    return Promise.resolve().then(() => this.#answer.json());
  }

  bytes(): Promise<Uint8Array> {
    return Promise.resolve(this.#answer.body);
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.resolve(new Uint8Array(this.#answer.body).buffer);
  }
}

/** Headers of such an answer. */
class FetchedHeaders {
  readonly #answer: Answer;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  get(name: string): string | null {
    return this.#answer.header(name) ?? null;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  forEach(each: (value: string, name: string) => void): void {
    for (const [name, value] of this.#answer.headers) each(value, name);
  }

  entries(): IterableIterator<readonly [string, string]> {
    return this.#answer.headers.values();
  }

  [Symbol.iterator](): IterableIterator<readonly [string, string]> {
    return this.entries();
  }
}

function fetched(input: string | URL | { url: string }, init: Init = {}): Fetched {
  const url = new URL(typeof input === "object" && "url" in input ? input.url : input);
  if (url.protocol !== "https:") throw new TypeError(`hosts are called by https, not ${url.protocol}`);
  const { method, headers = {}, body } = init;
  if (body !== undefined && body !== null && typeof body !== "string" && !(body instanceof Uint8Array)) {
    throw new TypeError("a body is a text or a Uint8Array");
  }
  const listed = Symbol.iterator in headers ? [...(headers as Iterable<readonly [string, string]>)] : Object.entries(headers);
  const answer = send(url.host, url.pathname, {
    query: [...url.searchParams],
    headers: listed,
    method: (method ?? "GET").toUpperCase(),
    ...(typeof body === "string" || body instanceof Uint8Array ? { body } : {}),
  });
  return new Fetched(url.href, answer);
}

fetchBy((...given) => Promise.resolve().then(() => fetched(...(given as Parameters<typeof fetched>))));
