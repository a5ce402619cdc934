// Tokens of strangers' agents: signed, not stored, so that any replica knows them and a flood of strangers fills no memory.
import { createHmac, timingSafeEqual } from 'node:crypto';

//   d1.<mac, 12 hex digits>.<end, seconds since the epoch>.<first 32 hex digits of HMAC-SHA-256>

/** @param until  milliseconds since the epoch */
export function discoveryToken(key: Uint8Array, mac: string, until: number): string {
  const said = `d1.${mac.replaceAll(':', '')}.${Math.floor(until / 1000)}`;
  return `${said}.${sign(key, said)}`;
}

/** The stranger's MAC, or undefined for what is not ours, altered or over. */
export function readDiscoveryToken(key: Uint8Array, token: string, now: number): string | undefined {
  const match = /^(d1\.([0-9a-f]{12})\.(\d{1,12}))\.([0-9a-f]{32})$/.exec(token);
  const [, said, hex, end, signature] = match ?? [];
  if (said === undefined || hex === undefined || signature === undefined) return undefined;
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(sign(key, said)))) return undefined;
  if (Number(end) * 1000 <= now) return undefined;
  return hex.replace(/(..)(?=.)/g, '$1:');
}

function sign(key: Uint8Array, said: string): string {
  return createHmac('sha256', key).update(said).digest('hex').slice(0, 32);
}
