// Reads a packet field by field; the first fault sticks and comes out once, at the end, so a decoder reads like the drawing of its packet.

/** What every decoder answers: bytes from the wire are never a reason to throw. */
export type Decoded<T> = { ok: true; value: T } | { ok: false; fault: string };

/** After a fault every read answers zero or nothing; `finish` and `reject` are the only places where the fault shows. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #fault: string | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Nothing more to read. Also true after a fault, so that loops over `done` end. */
  get done(): boolean {
    return this.#fault !== undefined || this.#at >= this.#bytes.length;
  }

  get left(): number {
    return this.#fault === undefined ? this.#bytes.length - this.#at : 0;
  }

  /** Bytes read so far: for fields that count from the start of the packet. */
  get position(): number {
    return this.#at;
  }

  get failed(): boolean {
    return this.#fault !== undefined;
  }

  /** Looks at the next byte and leaves it there; undefined at the end. */
  peek(): number | undefined {
    return this.#fault === undefined ? this.#bytes[this.#at] : undefined;
  }

  u8(): number {
    const at = this.#take(1);
    return at === undefined ? 0 : byteAt(this.#bytes, at);
  }

  /** Big-endian, as are all names here without `le`. */
  u16(): number {
    return this.#number(2, 'big');
  }

  u24(): number {
    return this.#number(3, 'big');
  }

  u32(): number {
    return this.#number(4, 'big');
  }

  u16le(): number {
    return this.#number(2, 'little');
  }

  u24le(): number {
    return this.#number(3, 'little');
  }

  u32le(): number {
    return this.#number(4, 'little');
  }

  /** The next `count` bytes, as a copy. */
  take(count: number): Uint8Array {
    const at = this.#take(count);
    return at === undefined ? new Uint8Array(0) : new Uint8Array(this.#bytes.subarray(at, at + count)); // slice() of a Buffer is a view
  }

  /** Everything that is left, as a copy. */
  rest(): Uint8Array {
    return this.take(this.left);
  }

  skip(count: number): void {
    this.#take(count);
  }

  /** Latin-1 text up to a NUL, which is swallowed: one byte is one character, so any bytes come back as they were. */
  text(): string {
    if (this.#fault !== undefined) return '';
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) {
      this.fail('text without its closing NUL');
      return '';
    }
    const text = latin1(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  /** Notes what is wrong. The first fault stays: later ones are mostly its consequences. */
  fail(fault: string): void {
    this.#fault ??= `${fault} (at byte ${this.#at})`;
  }

  finish<T>(value: T): Decoded<T> {
    if (this.#fault === undefined && this.left > 0) this.fail(`${this.left} bytes too many`);
    return this.#fault === undefined ? { ok: true, value } : { ok: false, fault: this.#fault };
  }

  reject<T>(fault: string): Decoded<T> {
    this.fail(fault);
    return { ok: false, fault: this.#fault ?? fault };
  }

  #take(count: number): number | undefined {
    if (this.#fault !== undefined) return undefined;
    if (!Number.isInteger(count) || count < 0 || count > this.left) {
      this.fail(`wanted ${count} bytes, ${this.left} left`);
      return undefined;
    }
    const at = this.#at;
    this.#at += count;
    return at;
  }

  #number(width: number, order: 'big' | 'little'): number {
    const at = this.#take(width);
    if (at === undefined) return 0;
    let value = 0;
    for (let n = 0; n < width; n++) {
      value = value * 256 + byteAt(this.#bytes, order === 'big' ? at + n : at + width - 1 - n);
    }
    return value;
  }
}

/** One byte, one character. Not TextDecoder: its `latin1` is windows-1252, which does not give every byte back. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}
