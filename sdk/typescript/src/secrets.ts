/**
 * Secrets of your package, by name: `grants.secrets` in `package.yaml`. The host works with them; what they are never comes to you.
 *
 * Each function is for secrets whose grant lists it under `use`; another is `FORBIDDEN`. A secret that nobody has set is
 * `NOT_FOUND`. Each call counts as a query.
 */
import * as host from "tenon:plugin/secrets@1.0.0";
import { asked } from "./refusal.ts";

/** What is signed, or kept: a text goes as UTF-8. */
export type Data = string | Uint8Array;

/** The bytes of a text, or the bytes. */
export function bytesOf(data: Data): Uint8Array {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}

/** Whether somebody has set it: `secrets.isSet("shop_key")`. */
export function isSet(name: string): boolean {
  return asked(() => host.isSet(name));
}

/** HMAC with SHA-256 under a secret: `secrets.hmac("shop_key", "paid")`. */
export function hmac(name: string, data: Data): Uint8Array {
  return asked(() => host.hmac(name, bytesOf(data)));
}

/** Whether these bytes are the HMAC of the data under a secret: `secrets.verify("shop_key", "paid", mac)`. */
export function verify(name: string, data: Data, mac: Uint8Array): boolean {
  return asked(() => host.verify(name, bytesOf(data), mac));
}

/** The signature of the data by Ed25519; the secret is the seed, 32 bytes in hexadecimal or base64: `secrets.sign("seed", "paid")`. */
export function sign(name: string, data: Data): Uint8Array {
  return asked(() => host.sign(name, bytesOf(data)));
}

/** The data encrypted, and sealed against change, for your package in this tenant: `secrets.encrypt("vault", token)`. */
export function encrypt(name: string, data: Data): Uint8Array {
  return asked(() => host.encrypt(name, bytesOf(data)));
}

/** What `encrypt` made of it, back; none where it is something else, or was changed: `secrets.decrypt("vault", kept)`. */
export function decrypt(name: string, data: Uint8Array): Uint8Array | undefined {
  return asked(() => host.decrypt(name, data));
}
