// The 16 bytes of a SEL record (IPMI 2.0 §32.1): a sensor's event, or a vendor's own bytes with or without a time.
import type { ByteReader } from '../bytes/byte-reader.ts';
import { type Body, exactBody } from './body.ts';

//   event    | id 2 | 02 | time 4 | generator 2 | 04 | sensor type | sensor | direction 80, event type | 3 bytes of event
//   vendor   | id 2 | c0…df | time 4 | manufacturer 3 | 6 bytes          | id 2 | any other | 13 bytes
const SYSTEM_EVENT = 0x02;

export type SelRecord =
  | {
      kind: 'event';
      id: number;
      /** Seconds since 1970; below 0x20000000 counts from the BMC's start, ffffffff is unknown. */
      time: number;
      generator: number;
      revision: number;
      sensorType: number;
      sensor: number;
      /** The event went away instead of coming. */
      deasserted: boolean;
      /** 1: threshold. 2 to 0c: generic states. 6f: states of this sensor type (tables 42-1 to 42-3). */
      eventType: number;
      eventBytes: Uint8Array;
    }
  | { kind: 'vendor'; id: number; type: number; time: number; manufacturer: number; bytes: Uint8Array }
  | { kind: 'untimed'; id: number; type: number; bytes: Uint8Array };

export const selRecord: Body<SelRecord> = exactBody(read, (w, record) => {
  switch (record.kind) {
    case 'event':
      w.u16le(record.id).u8(SYSTEM_EVENT).u32le(record.time).u16le(record.generator).u8(record.revision);
      w.u8(record.sensorType)
        .u8(record.sensor)
        .u8(record.eventType | (record.deasserted ? 0x80 : 0))
        .raw(record.eventBytes);
      return;
    case 'vendor':
      w.u16le(record.id).u8(record.type).u32le(record.time).u24le(record.manufacturer).raw(record.bytes);
      return;
    case 'untimed':
      w.u16le(record.id).u8(record.type).raw(record.bytes);
      return;
  }
});

function read(r: ByteReader): SelRecord {
  const [id, type] = [r.u16le(), r.u8()];
  if (type >= 0xc0 && type <= 0xdf) {
    return { kind: 'vendor', id, type, time: r.u32le(), manufacturer: r.u24le(), bytes: r.take(6) };
  }
  if (type !== SYSTEM_EVENT) return { kind: 'untimed', id, type, bytes: r.take(13) };
  const source = { time: r.u32le(), generator: r.u16le(), revision: r.u8(), sensorType: r.u8(), sensor: r.u8() };
  const direction = r.u8();
  const event = { deasserted: direction > 0x7f, eventType: direction & 0x7f, eventBytes: r.take(3) };
  return { kind: 'event', id, ...source, ...event };
}
