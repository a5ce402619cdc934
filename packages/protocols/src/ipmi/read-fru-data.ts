// Read FRU Data (IPMI 2.0 §34.2): some bytes of a part's label memory.
import { exactBody, type IpmiCommand, openBody } from './body.ts';
import { NET_FN } from './constants.ts';

/** Offset and count are in bytes, or in words where Get FRU Inventory Area Info says so. */
export type ReadFruData = { fru: number; offset: number; count: number };

export const readFruData: IpmiCommand<ReadFruData, { count: number; bytes: Uint8Array }> = {
  name: 'Read FRU Data',
  netFn: NET_FN.storage,
  code: 0x11,
  writes: false,
  request: exactBody(
    (r) => ({ fru: r.u8(), offset: r.u16le(), count: r.u8() }),
    (w, { fru, offset, count }) => {
      w.u8(fru).u16le(offset).u8(count);
    },
  ),
  response: openBody(
    (r) => ({ count: r.u8(), bytes: r.rest() }),
    (w, { count, bytes }) => {
      w.u8(count).raw(bytes);
    },
  ),
};
