// Get FRU Inventory Area Info (IPMI 2.0 §34.1): how many bytes a part's label memory holds.
import { exactBody, type IpmiCommand, openBody } from './body.ts';
import { NET_FN } from './constants.ts';

/** FRU 0 is the BMC's own board, which carries the machine's serial number. */
export const MAIN_FRU = 0;

export const getFruInventoryAreaInfo: IpmiCommand<{ fru: number }, { size: number; inWords: boolean }> = {
  name: 'Get FRU Inventory Area Info',
  netFn: NET_FN.storage,
  code: 0x10,
  writes: false,
  request: exactBody(
    (r) => ({ fru: r.u8() }),
    (w, { fru }) => {
      w.u8(fru);
    },
  ),
  response: openBody(
    (r) => ({ size: r.u16le(), inWords: (r.u8() & 1) === 1 }),
    (w, { size, inWords }) => {
      w.u16le(size).u8(inWords ? 1 : 0);
    },
  ),
};
