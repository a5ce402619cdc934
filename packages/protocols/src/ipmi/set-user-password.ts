// Set User Password (IPMI 2.0 §22.30), for setting only: twenty bytes, which IPMI 2.0 sessions need, or the sixteen of old.
import { exactBody, type IpmiCommand, type Nothing, noResponse } from './body.ts';
import { NET_FN } from './constants.ts';

//   | [7] twenty bytes, [5:0] user id | [1:0] operation: 2 sets | password, NULs behind it: 16 or 20
export type SetUserPassword = { userId: number; password: Uint8Array };

const SET = 0x02;
const TWENTY = 0x80;

export const setUserPassword: IpmiCommand<SetUserPassword, Nothing> = {
  name: 'Set User Password',
  netFn: NET_FN.app,
  code: 0x47,
  writes: true,
  request: exactBody(
    (r): SetUserPassword => {
      const user = r.u8();
      const operation = r.u8();
      // Enabling, disabling and testing a password are nothing that we ask or answer.
      if ((operation & 0x03) !== SET) r.fail('an operation other than setting');
      return { userId: user & 0x3f, password: r.take((user & TWENTY) === 0 ? 16 : 20) };
    },
    (w, { userId, password }) =>
      w
        .u8((userId & 0x3f) | (password.length === 20 ? TWENTY : 0))
        .u8(SET)
        .raw(password),
  ),
  response: noResponse,
};
