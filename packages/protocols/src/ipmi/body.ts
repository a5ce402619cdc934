// What a message body's codec and a command are: each command's file exports one value of type IpmiCommand.
import { ByteReader, type Decoded } from '../bytes/byte-reader.ts';
import { ByteWriter } from '../bytes/byte-writer.ts';

export type Body<T> = { encode(value: T): Uint8Array; decode(bytes: Uint8Array): Decoded<T> };

export type IpmiCommand<Request, Response> = {
  /** As the specification names it. */
  name: string;
  netFn: number;
  code: number;
  /** Does it change anything at the BMC? Then it is never repeated blindly. */
  writes: boolean;
  request: Body<Request>;
  /** Without the completion code; read only when that was zero. */
  response: Body<Response>;
};

export type Nothing = Record<string, never>;

/** A body that must be exactly as drawn. */
export function exactBody<T>(read: (r: ByteReader) => T, write: (w: ByteWriter, value: T) => void): Body<T> {
  return {
    decode(bytes) {
      const r = new ByteReader(bytes);
      return r.finish(read(r));
    },
    encode: (value) => written(write, value),
  };
}

/** A body that may be longer than drawn: later revisions and some vendors append bytes, which are dropped. */
export function openBody<T>(read: (r: ByteReader) => T, write: (w: ByteWriter, value: T) => void): Body<T> {
  return {
    decode(bytes) {
      const r = new ByteReader(bytes);
      const value = read(r);
      r.rest();
      return r.finish(value);
    },
    encode: (value) => written(write, value),
  };
}

export const noRequest: Body<Nothing> = exactBody(
  () => ({}),
  () => {},
);
export const noResponse: Body<Nothing> = openBody(
  () => ({}),
  () => {},
);

function written<T>(write: (w: ByteWriter, value: T) => void, value: T): Uint8Array {
  const w = new ByteWriter();
  write(w, value);
  return w.bytes();
}
