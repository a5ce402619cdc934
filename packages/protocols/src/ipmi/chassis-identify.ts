// Chassis Identify (IPMI 2.0 §28.5): the light that says "this one".
import { exactBody, type IpmiCommand, type Nothing, noResponse } from './body.ts';
import { NET_FN } from './constants.ts';

/** `seconds` 0 is off; absent means the BMC's default of 15. `forceOn`: until told otherwise, and absent on old BMCs. */
export type IdentifyRequest = { seconds?: number; forceOn?: boolean };

export const chassisIdentify: IpmiCommand<IdentifyRequest, Nothing> = {
  name: 'Chassis Identify',
  netFn: NET_FN.chassis,
  code: 0x04,
  writes: true,
  request: exactBody(
    (r): IdentifyRequest => {
      if (r.done) return {};
      const seconds = r.u8();
      return r.done ? { seconds } : { seconds, forceOn: (r.u8() & 1) === 1 };
    },
    (w, { seconds, forceOn }) => {
      if (seconds === undefined) return;
      w.u8(seconds);
      if (forceOn !== undefined) w.u8(forceOn ? 1 : 0);
    },
  ),
  response: noResponse,
};
