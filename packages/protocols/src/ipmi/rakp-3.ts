// RAKP Message 3 (IPMI 2.0 §13.22): the console's proof that it knows the password, or why it gives up.
import { type Body, exactBody } from './body.ts';

//   | tag | status | 0 0 | BMC's session id 4 | code |     no code on refusal
export type Rakp3 = { tag: number; status: number; bmcSessionId: number; code: Uint8Array };

export const rakp3: Body<Rakp3> = exactBody(
  (r) => {
    const [tag, status] = [r.u8(), r.u8()];
    r.skip(2);
    return { tag, status, bmcSessionId: r.u32le(), code: r.rest() };
  },
  (w, { tag, status, bmcSessionId, code }) => {
    w.u8(tag).u8(status).zeros(2).u32le(bmcSessionId).raw(code);
  },
);
