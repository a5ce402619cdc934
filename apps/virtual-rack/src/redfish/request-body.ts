// A request's JSON body, of bounded size.
import type { IncomingMessage } from 'node:http';
import type { RedfishJson } from './answers.ts';

const MAX_BODY_BYTES = 64 * 1024;

/** `malformed`: not an object in JSON, or too long. */
export async function readBody(request: IncomingMessage): Promise<RedfishJson | 'malformed'> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (length > MAX_BODY_BYTES) return 'malformed';
  if (length === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RedfishJson) : 'malformed';
  } catch {
    return 'malformed';
  }
}
