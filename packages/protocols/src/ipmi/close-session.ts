// Close Session (IPMI 2.0 §22.19): frees one of the BMC's few session slots.
import { exactBody, type IpmiCommand, type Nothing, noResponse } from './body.ts';
import { NET_FN } from './constants.ts';

export const closeSession: IpmiCommand<{ sessionId: number }, Nothing> = {
  name: 'Close Session',
  netFn: NET_FN.app,
  code: 0x3c,
  writes: false,
  request: exactBody(
    (r) => ({ sessionId: r.u32le() }),
    (w, { sessionId }) => {
      w.u32le(sessionId);
    },
  ),
  response: noResponse,
};
