// Event log and labels of the simulated BMC (IPMI 2.0 chapters 31 and 34).
import { COMPLETION } from '@rackwright/protocols/ipmi/constants.ts';
import { encodeFru } from '@rackwright/protocols/ipmi/fru.ts';
import { getFruInventoryAreaInfo, MAIN_FRU } from '@rackwright/protocols/ipmi/get-fru-inventory-area-info.ts';
import { FIRST_RECORD, getSelEntry, LAST_RECORD } from '@rackwright/protocols/ipmi/get-sel-entry.ts';
import { getSelInfo } from '@rackwright/protocols/ipmi/get-sel-info.ts';
import { readFruData } from '@rackwright/protocols/ipmi/read-fru-data.ts';
import { reserveSel } from '@rackwright/protocols/ipmi/reserve-sel.ts';
import { selRecord } from '@rackwright/protocols/ipmi/sel-record.ts';
import type { ChassisEvent, ChassisIdentity } from '../chassis.ts';
import { type Handler, handler, refuse } from './handler.ts';

const SEL_VERSION = 0x51;
const RECORD_BYTES = 16;
const ROOM_FOR = 512;
const CAN_RESERVE = 0x02;
const SOFTWARE = 0x41;
const EVENT_REVISION = 4;
const POWER_UNIT = 0x09;
const SYSTEM_EVENT = 0x12;
const SENSOR_SPECIFIC = 0x6f;
const SEVERITY_STATES = 0x07;
/** Like many BMCs: no more at once, so that clients must read in pieces. */
const MOST_FRU_BYTES = 32;

export const STORAGE_ANSWERS: Handler[] = [
  handler(getSelInfo, (_request, { chassis }) => {
    const events = chassis.events();
    return {
      version: SEL_VERSION,
      entries: events.length,
      freeBytes: (ROOM_FOR - events.length) * RECORD_BYTES,
      lastAdded: seconds(events.at(-1)),
      lastErased: 0,
      support: CAN_RESERVE,
    };
  }),

  // Whole records are always told at once, so no reservation is ever looked at again.
  handler(reserveSel, () => ({ reservation: 1 })),

  handler(getSelEntry, ({ record, offset, count }, { chassis }) => {
    const events = chassis.events();
    const at = placeOf(record, events);
    const event = events[at];
    if (!event) return refuse(COMPLETION.notPresent);
    if (offset >= RECORD_BYTES) return refuse(COMPLETION.outOfRange);
    const following = events[at + 1];
    return { next: following ? recordId(following) : LAST_RECORD, record: recordOf(event).slice(offset, offset + count) };
  }),

  handler(getFruInventoryAreaInfo, ({ fru }, { chassis }) => {
    if (fru !== MAIN_FRU) return refuse(COMPLETION.notPresent);
    return { size: labels(chassis.identity).length, inWords: false };
  }),

  handler(readFruData, ({ fru, offset, count }, { chassis }) => {
    if (fru !== MAIN_FRU) return refuse(COMPLETION.notPresent);
    if (count > MOST_FRU_BYTES) return refuse(COMPLETION.cannotReturnSoMany);
    const memory = labels(chassis.identity);
    if (offset >= memory.length) return refuse(COMPLETION.outOfRange);
    const bytes = memory.slice(offset, offset + count);
    return { count: bytes.length, bytes };
  }),
];

function labels({ vendor, model, serial, assetTag }: ChassisIdentity): Uint8Array {
  return encodeFru({
    board: { manufacturedAt: 0, maker: vendor, name: `${model} board`, serial, part: '' },
    product: { maker: vendor, name: model, part: '', version: '', serial, assetTag },
  });
}

function placeOf(record: number, events: readonly ChassisEvent[]): number {
  if (record === FIRST_RECORD) return 0;
  if (record === LAST_RECORD) return events.length - 1;
  return events.findIndex((event) => recordId(event) === record);
}

/** 1 to fffe: the other two mean first and last. */
function recordId(event: ChassisEvent): number {
  return ((event.id - 1) % 0xfffe) + 1;
}

/** A SEL record has three bytes for what happened: power is said as such, all else as its severity. */
function recordOf(event: ChassisEvent): Uint8Array {
  const source = {
    kind: 'event',
    id: recordId(event),
    time: seconds(event),
    generator: SOFTWARE,
    revision: EVENT_REVISION,
  } as const;
  const power = /^System power is (on|off)$/.exec(event.message)?.[1];
  if (power) {
    const eventBytes = Uint8Array.of(0, 0xff, 0xff);
    const sensor = { sensorType: POWER_UNIT, sensor: 1, eventType: SENSOR_SPECIFIC, deasserted: power === 'on', eventBytes };
    return selRecord.encode({ ...source, ...sensor });
  }
  const state = { ok: 8, warning: 1, critical: 2 }[event.severity];
  const eventBytes = Uint8Array.of(state, 0xff, 0xff);
  const sensor = { sensorType: SYSTEM_EVENT, sensor: 2, eventType: SEVERITY_STATES, deasserted: false, eventBytes };
  return selRecord.encode({ ...source, ...sensor });
}

function seconds(event: ChassisEvent | undefined): number {
  return event ? Math.floor(event.at.getTime() / 1_000) : 0;
}
