// The few pieces of DER (X.690) that a certificate is made of.
//
//   tag (1) | length (1, or 0x81 nn, or 0x82 nn nn) | content

function element(tag: number, ...content: Uint8Array[]): Uint8Array {
  const body = Buffer.concat(content);
  const length =
    body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}

export const der = {
  sequence: (...content: Uint8Array[]) => element(0x30, ...content),
  set: (...content: Uint8Array[]) => element(0x31, ...content),
  /** Unsigned: a leading zero keeps the sign bit clear. */
  integer: (bytes: Uint8Array) => element(0x02, (bytes[0] ?? 0) >= 0x80 ? Uint8Array.of(0, ...bytes) : bytes),
  bitString: (bytes: Uint8Array) => element(0x03, Uint8Array.of(0), bytes),
  octetString: (bytes: Uint8Array) => element(0x04, bytes),
  utf8: (text: string) => element(0x0c, Buffer.from(text, 'utf8')),
  /** UTCTime, good until 2049 (RFC 5280 §4.1.2.5.1). */
  time: (at: Date) =>
    element(
      0x17,
      Buffer.from(
        `${at
          .toISOString()
          .replaceAll(/[-:T]|\.\d+/g, '')
          .slice(2)}`,
        'ascii',
      ),
    ),
  /** Context-specific tag: constructed for [0] and [3], primitive for the names of RFC 5280 §4.2.1.6. */
  tagged: (number: number, form: 'constructed' | 'primitive', content: Uint8Array) =>
    element((form === 'constructed' ? 0xa0 : 0x80) | number, content),
  /** From the dotted form. */
  oid(dotted: string): Uint8Array {
    const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
    return element(0x06, Uint8Array.from([first * 40 + second, ...rest.flatMap(base128)]));
  },
};

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}
