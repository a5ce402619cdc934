// Set Session Privilege Level (IPMI 2.0 §22.18): a new session starts as USER and must ask for more.
import { exactBody, type IpmiCommand, openBody } from './body.ts';
import { NET_FN } from './constants.ts';

export type SessionPrivilege = { privilege: number };

/** Completion codes of its own: the level is not available for this user, or beyond the channel's limit. */
export const LEVEL_NOT_FOR_USER = 0x80;
export const LEVEL_BEYOND_LIMIT = 0x81;

export const setSessionPrivilegeLevel: IpmiCommand<SessionPrivilege, SessionPrivilege> = {
  name: 'Set Session Privilege Level',
  netFn: NET_FN.app,
  code: 0x3b,
  writes: false,
  request: exactBody(
    (r) => ({ privilege: r.u8() & 0x0f }),
    (w, { privilege }) => {
      w.u8(privilege);
    },
  ),
  response: openBody(
    (r) => ({ privilege: r.u8() & 0x0f }),
    (w, { privilege }) => {
      w.u8(privilege);
    },
  ),
};
