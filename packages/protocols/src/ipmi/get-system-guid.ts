// Get System GUID (IPMI 2.0 §22.14): the machine's UUID, in whichever byte order the vendor took for right.
import { type IpmiCommand, type Nothing, noRequest, openBody } from './body.ts';
import { NET_FN } from './constants.ts';

export type SystemGuid = { guid: Uint8Array };

export const getSystemGuid: IpmiCommand<Nothing, SystemGuid> = {
  name: 'Get System GUID',
  netFn: NET_FN.app,
  code: 0x37,
  writes: false,
  request: noRequest,
  response: openBody(
    (r) => ({ guid: r.take(16) }),
    (w, { guid }) => {
      w.raw(guid);
    },
  ),
};
