// The simulated BMC's sensor data records (IPMI 2.0 chapter 33): one, itself. Clients look for parts here before they print labels.
import { BMC_ADDRESS, COMPLETION } from '@rackwright/protocols/ipmi/constants.ts';
import { getSdr } from '@rackwright/protocols/ipmi/get-sdr.ts';
import { getSdrRepositoryInfo } from '@rackwright/protocols/ipmi/get-sdr-repository-info.ts';
import { FIRST_RECORD, LAST_RECORD } from '@rackwright/protocols/ipmi/get-sel-entry.ts';
import { managementControllerSdr } from '@rackwright/protocols/ipmi/management-controller-sdr.ts';
import { reserveSdrRepository } from '@rackwright/protocols/ipmi/reserve-sdr-repository.ts';
import { type Handler, handler, refuse } from './handler.ts';

const OWN_RECORD = 1;
const SYSTEM_MANAGEMENT_MODULE = 7;
const CAN_RESERVE = 0x02;

/** Sensor, SDR, SEL and FRU device, chassis: Get Device ID says the same. */
export const BMC_SUPPORT = 0x8f;

const RECORD = managementControllerSdr.encode({
  id: OWN_RECORD,
  address: BMC_ADDRESS,
  channel: 0,
  powerNotification: 0,
  support: BMC_SUPPORT,
  entity: SYSTEM_MANAGEMENT_MODULE,
  instance: 1,
  oem: 0,
  name: 'BMC',
});

export const SDR_ANSWERS: Handler[] = [
  handler(getSdrRepositoryInfo, () => ({
    version: 0x51,
    records: 1,
    freeBytes: 0,
    lastAdded: 0,
    lastErased: 0,
    support: CAN_RESERVE,
  })),

  // The record never changes, so no reservation is ever void.
  handler(reserveSdrRepository, () => ({ reservation: 1 })),

  handler(getSdr, ({ record, offset, count }) => {
    if (![FIRST_RECORD, OWN_RECORD, LAST_RECORD].includes(record)) return refuse(COMPLETION.notPresent);
    if (offset >= RECORD.length) return refuse(COMPLETION.outOfRange);
    return { next: LAST_RECORD, bytes: RECORD.slice(offset, offset + count) };
  }),
];
