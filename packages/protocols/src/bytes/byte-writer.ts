// Writes a packet field by field; every call answers the writer, so an encoder reads like the drawing of its packet.

/** Grows by doubling. Numbers are cut to their width: what may be written is the encoder's business, not the writer's. */
export class ByteWriter {
  // Holds a usual DHCP or IPMI packet without growing.
  #bytes = new Uint8Array(512);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    return this.#number(value, 1, 'big');
  }

  /** Big-endian, as are all names here without `le`. */
  u16(value: number): this {
    return this.#number(value, 2, 'big');
  }

  u24(value: number): this {
    return this.#number(value, 3, 'big');
  }

  u32(value: number): this {
    return this.#number(value, 4, 'big');
  }

  u16le(value: number): this {
    return this.#number(value, 2, 'little');
  }

  u24le(value: number): this {
    return this.#number(value, 3, 'little');
  }

  u32le(value: number): this {
    return this.#number(value, 4, 'little');
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  zeros(count: number): this {
    this.#room(count);
    this.#bytes.fill(0, this.#length, this.#length + count);
    this.#length += count;
    return this;
  }

  /** Latin-1 text and its closing NUL. */
  text(text: string): this {
    return this.raw(latin1Bytes(text)).u8(0);
  }

  /** What was written, as a copy: the writer may go on. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #number(value: number, width: number, order: 'big' | 'little'): this {
    this.#room(width);
    let left = value;
    for (let n = 0; n < width; n++) {
      this.#bytes[order === 'big' ? this.#length + width - 1 - n : this.#length + n] = left % 256;
      left = Math.floor(left / 256);
    }
    this.#length += width;
    return this;
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** The inverse of `latin1`; characters above U+00FF are cut to their low byte. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at); // a Uint8Array keeps the low byte
  return bytes;
}
