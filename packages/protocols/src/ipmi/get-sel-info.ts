// Get SEL Info (IPMI 2.0 §31.2): how many entries the system event log holds and has room for.
import { type IpmiCommand, type Nothing, noRequest, openBody } from './body.ts';
import { NET_FN } from './constants.ts';

export type SelState = {
  version: number;
  entries: number;
  freeBytes: number;
  /** Seconds since 1970, as the BMC's clock has it. */
  lastAdded: number;
  lastErased: number;
  /** Bit 1: entries can be reserved. Bit 7: some were lost for want of room. */
  support: number;
};

export const getSelInfo: IpmiCommand<Nothing, SelState> = {
  name: 'Get SEL Info',
  netFn: NET_FN.storage,
  code: 0x40,
  writes: false,
  request: noRequest,
  response: openBody(
    (r) => {
      const [version, entries, freeBytes] = [r.u8(), r.u16le(), r.u16le()];
      return { version, entries, freeBytes, lastAdded: r.u32le(), lastErased: r.u32le(), support: r.u8() };
    },
    (w, value) => {
      w.u8(value.version).u16le(value.entries).u16le(value.freeBytes);
      w.u32le(value.lastAdded).u32le(value.lastErased).u8(value.support);
    },
  ),
};
