// Get SDR (IPMI 2.0 §33.12): a piece of a sensor data record, and the id of the next record.
import { exactBody, type IpmiCommand, openBody } from './body.ts';
import { NET_FN } from './constants.ts';

/** Whole records only with reservation 0; pieces need one of Reserve SDR Repository. */
export type GetSdr = { reservation: number; record: number; offset: number; count: number };

export const getSdr: IpmiCommand<GetSdr, { next: number; bytes: Uint8Array }> = {
  name: 'Get SDR',
  netFn: NET_FN.storage,
  code: 0x23,
  writes: false,
  request: exactBody(
    (r) => ({ reservation: r.u16le(), record: r.u16le(), offset: r.u8(), count: r.u8() }),
    (w, { reservation, record, offset, count }) => {
      w.u16le(reservation).u16le(record).u8(offset).u8(count);
    },
  ),
  response: openBody(
    (r) => ({ next: r.u16le(), bytes: r.rest() }),
    (w, { next, bytes }) => {
      w.u16le(next).raw(bytes);
    },
  ),
};
