// RAKP Message 2 (IPMI 2.0 §13.21): the BMC's random number and GUID, and proof that it knows the password.
import { type Body, exactBody } from './body.ts';

//   | tag | status | 0 0 | console's session id 4 | random 16 | GUID 16 | code |     ends after the id on refusal
export type Rakp2 =
  | { accepted: true; tag: number; consoleSessionId: number; bmcRandom: Uint8Array; bmcGuid: Uint8Array; code: Uint8Array }
  | { accepted: false; tag: number; status: number; consoleSessionId: number };

export const rakp2: Body<Rakp2> = exactBody(
  (r): Rakp2 => {
    const [tag, status] = [r.u8(), r.u8()];
    r.skip(2);
    const consoleSessionId = r.u32le();
    if (status !== 0) {
      r.rest(); // some BMCs send the other fields as zeros
      return { accepted: false, tag, status, consoleSessionId };
    }
    return { accepted: true, tag, consoleSessionId, bmcRandom: r.take(16), bmcGuid: r.take(16), code: r.rest() };
  },
  (w, message) => {
    w.u8(message.tag)
      .u8(message.accepted ? 0 : message.status)
      .zeros(2)
      .u32le(message.consoleSessionId);
    if (message.accepted) w.raw(message.bmcRandom).raw(message.bmcGuid).raw(message.code);
  },
);
