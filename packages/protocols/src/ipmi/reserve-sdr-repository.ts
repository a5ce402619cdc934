// Reserve SDR Repository (IPMI 2.0 §33.11): a ticket for reading records in pieces.
import { type IpmiCommand, type Nothing, noRequest, openBody } from './body.ts';
import { NET_FN } from './constants.ts';

export const reserveSdrRepository: IpmiCommand<Nothing, { reservation: number }> = {
  name: 'Reserve SDR Repository',
  netFn: NET_FN.storage,
  code: 0x22,
  writes: false,
  request: noRequest,
  response: openBody(
    (r) => ({ reservation: r.u16le() }),
    (w, { reservation }) => {
      w.u16le(reservation);
    },
  ),
};
