// Get SEL Entry (IPMI 2.0 §31.5): one record of the system event log, and the id of the next.
import { exactBody, type IpmiCommand, openBody } from './body.ts';
import { NET_FN } from './constants.ts';

export const FIRST_RECORD = 0x0000;
/** As a request: the last record. As `next`: there is none. */
export const LAST_RECORD = 0xffff;
export const WHOLE_RECORD = 0xff;

/** `reservation` may be 0 when the whole record is read at once. */
export type GetSelEntry = { reservation: number; record: number; offset: number; count: number };

export const getSelEntry: IpmiCommand<GetSelEntry, { next: number; record: Uint8Array }> = {
  name: 'Get SEL Entry',
  netFn: NET_FN.storage,
  code: 0x43,
  writes: false,
  request: exactBody(
    (r) => ({ reservation: r.u16le(), record: r.u16le(), offset: r.u8(), count: r.u8() }),
    (w, { reservation, record, offset, count }) => {
      w.u16le(reservation).u16le(record).u8(offset).u8(count);
    },
  ),
  response: openBody(
    (r) => ({ next: r.u16le(), record: r.rest() }),
    (w, { next, record }) => {
      w.u16le(next).raw(record);
    },
  ),
};
