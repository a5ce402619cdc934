// Values as the vectors write them: JSON with byte arrays as hex text.

/** A value as its vector writes it: byte arrays as hex text, fields that are undefined left out. */
export function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, part: unknown) => (part instanceof Uint8Array ? asHex(part) : part)));
}

export function asHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
