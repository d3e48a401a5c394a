/**
 * Settings, secrets and hosts outside in memory: what `config`, `secrets` and `http` reach in tests.
 *
 * `hmac` is the real one; `sign` and `encrypt` are stand-ins.
 */
import { createHmac } from "node:crypto";
import { Incoming } from "./endpoint.ts";

/** A call that was sent; a secret in it reads `<its name>`. */
export interface Call {
  grant: string;
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: string;
}

/** What a host says to a call. */
export interface Said {
  status: number;
  headers?: Record<string, string>;
  body?: string;
  /** A body of JSON, in the place of `body`. */
  json?: unknown;
}

/** What is set, and who answers. */
export interface Outside {
  settings: Map<string, unknown>;
  secrets: Map<string, string>;
  answer: ((call: Call) => Said) | undefined;
  calls: Call[];
}

type Piece = { tag: "text"; val: string } | { tag: "bytes"; val: Uint8Array } | { tag: "secret"; val: string };
type Field = { name: string; value: Piece[] };

/** Bytes of the tag of the stand-in for encryption. */
const TAG_BYTES = 32;

/** A request as an endpoint gets it: `incoming("POST /orders", { body: "{}" })`. */
export function incoming(at: string, about: { query?: Record<string, string>; headers?: Record<string, string>; body?: string } = {}): Incoming {
  const [method = "GET", path = "/"] = at.split(" ");
  const { query = {}, headers = {}, body = "" } = about;
  return new Incoming({ method, path, query: Object.entries(query), headers: Object.entries(headers), body: new TextEncoder().encode(body) });
}

/** The interfaces `config`, `http` and `secrets` of the contract. */
export function outwardOf(host: Outside): Record<string, Record<string, unknown>> {
  const secret = (name: string): string => {
    const set = host.secrets.get(name);
    if (set === undefined) throw declined("NOT_FOUND", `nobody has set the secret \`${name}\``);
    return set;
  };
  const mac = (name: string, data: Uint8Array) => new Uint8Array(createHmac("sha256", secret(name)).update(data).digest());
  return {
    config: {
      get: (name: string) => (host.settings.has(name) ? JSON.stringify(host.settings.get(name)) : undefined),
    },
    http: {
      send(request: { grant: string; method: string; path: string; query: Field[]; headers: Field[]; body: Piece[] }) {
        const call = { ...request, query: shown(request.query), headers: shown(request.headers), body: request.body.map(words).join("") };
        host.calls.push(call);
        if (!host.answer) throw declined("UNAVAILABLE", "no host answers: set `host.answer`", "http/unreachable");
        const { status, headers = {}, body, json } = host.answer(call);
        const said = json === undefined ? (body ?? "") : JSON.stringify(json);
        return { status, headers: Object.entries(headers), body: new TextEncoder().encode(said) };
      },
    },
    secrets: {
      isSet: (name: string) => host.secrets.has(name),
      hmac: mac,
      verify: (name: string, data: Uint8Array, given: Uint8Array) => Buffer.from(mac(name, data)).equals(given),
      sign: (name: string, data: Uint8Array) => joined(mac(name, data), mac(name, mac(name, data))),
      encrypt: (name: string, data: Uint8Array) => joined(mac(name, data), streamed(secret(name), data)),
      decrypt(name: string, sealed: Uint8Array) {
        const plain = streamed(secret(name), sealed.subarray(TAG_BYTES));
        return Buffer.from(mac(name, plain)).equals(sealed.subarray(0, TAG_BYTES)) ? plain : undefined;
      },
    },
  };
}

/** What the host declines, as it travels. */
export function declined(code: string, message: string, rule?: string): object {
  return { payload: { code, message, ...(rule && { rule }) } };
}

function shown(fields: Field[]): Record<string, string> {
  return Object.fromEntries(fields.map(({ name, value }) => [name, value.map(words).join("")]));
}

/** A piece as tests read it; a secret by its name in brackets. */
function words(piece: Piece): string {
  if (piece.tag === "secret") return `<${piece.val}>`;
  return piece.tag === "text" ? piece.val : new TextDecoder().decode(piece.val);
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  return new Uint8Array([...one, ...other]);
}

function streamed(key: string, data: Uint8Array): Uint8Array {
  const stream: number[] = [];
  for (let count = 0; stream.length < data.length; count += 1) stream.push(...createHmac("sha256", key).update(`${count}`).digest());
  return data.map((byte, at) => byte ^ (stream[at] ?? 0));
}
