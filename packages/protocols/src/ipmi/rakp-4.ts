// RAKP Message 4 (IPMI 2.0 §13.23): the session is open, with proof that both sides hold the same session key.
import { type Body, exactBody } from './body.ts';

//   | tag | status | 0 0 | console's session id 4 | check value |     no check value on refusal
export type Rakp4 = { tag: number; status: number; consoleSessionId: number; check: Uint8Array };

export const rakp4: Body<Rakp4> = exactBody(
  (r) => {
    const [tag, status] = [r.u8(), r.u8()];
    r.skip(2);
    return { tag, status, consoleSessionId: r.u32le(), check: r.rest() };
  },
  (w, { tag, status, consoleSessionId, check }) => {
    w.u8(tag).u8(status).zeros(2).u32le(consoleSessionId).raw(check);
  },
);
