// Reserve SEL (IPMI 2.0 §31.4): a ticket that becomes void when the log changes under a reader.
import { type IpmiCommand, type Nothing, noRequest, openBody } from './body.ts';
import { NET_FN } from './constants.ts';

export const reserveSel: IpmiCommand<Nothing, { reservation: number }> = {
  name: 'Reserve SEL',
  netFn: NET_FN.storage,
  code: 0x42,
  writes: false,
  request: noRequest,
  response: openBody(
    (r) => ({ reservation: r.u16le() }),
    (w, { reservation }) => {
      w.u16le(reservation);
    },
  ),
};
