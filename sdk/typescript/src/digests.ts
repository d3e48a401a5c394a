/**
 * Digests, by the host: faster than in the guest, and paid in the host's time instead of fuel.
 */
import * as host from "tenon:plugin/crypto@1.0.0";

/** SHA-256 of some bytes: `digests.sha256(new TextEncoder().encode("Bonn"))`. */
export function sha256(data: Uint8Array): Uint8Array {
  return host.sha256(data);
}

/** HMAC with SHA-256 under a key you bring yourself: `digests.hmacSha256(key, data)`. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return host.hmacSha256(key, data);
}
