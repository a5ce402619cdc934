// Get SDR Repository Info (IPMI 2.0 §33.9): how many sensor data records there are; clients ask before they list parts.
import { type IpmiCommand, type Nothing, noRequest, openBody } from './body.ts';
import { NET_FN } from './constants.ts';

export type SdrRepository = {
  version: number;
  records: number;
  freeBytes: number;
  lastAdded: number;
  lastErased: number;
  support: number;
};

export const getSdrRepositoryInfo: IpmiCommand<Nothing, SdrRepository> = {
  name: 'Get SDR Repository Info',
  netFn: NET_FN.storage,
  code: 0x20,
  writes: false,
  request: noRequest,
  response: openBody(
    (r) => {
      const [version, records, freeBytes] = [r.u8(), r.u16le(), r.u16le()];
      return { version, records, freeBytes, lastAdded: r.u32le(), lastErased: r.u32le(), support: r.u8() };
    },
    (w, value) => {
      w.u8(value.version).u16le(value.records).u16le(value.freeBytes);
      w.u32le(value.lastAdded).u32le(value.lastErased).u8(value.support);
    },
  ),
};
