// Get User Name (IPMI 2.0 §22.29): who has this user id; an empty name is an empty slot, or the anonymous user.
import { exactBody, type IpmiCommand } from './body.ts';
import { NET_FN } from './constants.ts';

const NAME_BYTES = 16;

export const getUserName: IpmiCommand<{ userId: number }, { username: string }> = {
  name: 'Get User Name',
  netFn: NET_FN.app,
  code: 0x46,
  writes: false,
  request: exactBody(
    (r) => ({ userId: r.u8() & 0x3f }),
    (w, { userId }) => w.u8(userId & 0x3f),
  ),
  response: exactBody(
    (r) => ({ username: untilNul(r.take(NAME_BYTES)) }),
    (w, { username }) => {
      const bytes = new Uint8Array(NAME_BYTES);
      bytes.set(Uint8Array.from(username.slice(0, NAME_BYTES), (letter) => letter.charCodeAt(0) & 0xff));
      w.raw(bytes);
    },
  ),
};

/** Latin-1; what stands behind the first NUL is left over from a longer name. */
function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? bytes.length : end));
}
