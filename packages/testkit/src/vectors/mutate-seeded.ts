// Breaks a packet in thousands of ways, the same ways each time: for proving that a decoder or a socket survives anything.

/** A small generator of numbers below 2^32 (mulberry32): the same seed gives the same numbers on every machine. */
export function seededNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Hands `count` mutations of `bytes` to `probe`: flipped bits, replaced, cut, doubled and swapped parts, one to four at a time. */
export function mutateSeeded(bytes: Uint8Array, count: number, probe: (mutation: Uint8Array) => void, seed = 1): void {
  const next = seededNumbers(seed);
  for (let n = 0; n < count; n++) probe(mutate(bytes, next));
}

const INTERESTING = [0, 1, 0x7f, 0x80, 0xfe, 0xff];
const LONGEST = 65_507; // the largest UDP payload

function mutate(original: Uint8Array, next: () => number): Uint8Array {
  let bytes = new Uint8Array(original);
  for (let times = 1 + (next() % 4); times > 0; times--) bytes = mutateOnce(bytes, next);
  return bytes;
}

function mutateOnce(bytes: Uint8Array<ArrayBuffer>, next: () => number): Uint8Array<ArrayBuffer> {
  const at = bytes.length === 0 ? 0 : next() % bytes.length;
  switch (next() % 6) {
    case 0:
      return replaced(bytes, at, (bytes[at] ?? 0) ^ (1 << (next() % 8)));
    case 1:
      return replaced(bytes, at, next() & 0xff);
    case 2:
      return replaced(bytes, at, INTERESTING[next() % INTERESTING.length] ?? 0);
    case 3:
      return bytes.slice(0, at);
    case 4:
      return joined(bytes.subarray(0, at + 1 + (next() % 32)), bytes.subarray(at));
    default:
      return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + (next() % 8)));
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole.slice(0, LONGEST);
}

function replaced(bytes: Uint8Array<ArrayBuffer>, at: number, value: number): Uint8Array<ArrayBuffer> {
  if (bytes.length > 0) bytes[at] = value;
  return bytes;
}
