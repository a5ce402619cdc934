// RAKP Message 1 (IPMI 2.0 §13.20): the console's random number, the role it wants and the user's name.
import { latin1 } from '../bytes/byte-reader.ts';
import { latin1Bytes } from '../bytes/byte-writer.ts';
import { type Body, openBody } from './body.ts';

//   | tag | 0 0 0 | BMC's session id 4 | random 16 | role | 0 0 | name length | name |
const LONGEST_NAME = 16;

export type Rakp1 = {
  tag: number;
  bmcSessionId: number;
  consoleRandom: Uint8Array;
  /** Privilege in the low nibble; 0x10: look the user up by name alone. Every code of the exchange covers this very byte. */
  role: number;
  username: string;
};

export const rakp1: Body<Rakp1> = openBody(
  (r) => {
    const tag = r.u8();
    r.skip(3);
    const [bmcSessionId, consoleRandom, role] = [r.u32le(), r.take(16), r.u8()];
    r.skip(2);
    const length = r.u8();
    if (length > LONGEST_NAME) r.fail('a user name of more than 16 bytes');
    // ipmitool always sends room for 16; what follows the name is dropped.
    return { tag, bmcSessionId, consoleRandom, role, username: latin1(r.take(length)) };
  },
  (w, { tag, bmcSessionId, consoleRandom, role, username }) => {
    const name = latin1Bytes(username).subarray(0, LONGEST_NAME);
    w.u8(tag).zeros(3).u32le(bmcSessionId).raw(consoleRandom).u8(role).zeros(2).u8(name.length).raw(name);
  },
);
