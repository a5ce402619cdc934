// Get Channel Authentication Capabilities (IPMI 2.0 §22.13): the first question to a BMC, asked outside of any session.
import { exactBody, type IpmiCommand, openBody } from './body.ts';
import { NET_FN } from './constants.ts';

export type AuthenticationCapabilitiesRequest = {
  channel: number;
  /** Ask for the IPMI 2.0 part of the answer; a BMC that knows only 1.5 may refuse the bit. */
  extended: boolean;
  privilege: number;
};

export type AuthenticationCapabilities = {
  channel: number;
  /** Bit 7: the IPMI 2.0 part is valid. */
  types: number;
  /** Bit 5: a BMC key (Kg) is set. Bits 2 to 0: named, null, anonymous users. */
  status: number;
  /** Bit 1: speaks IPMI 2.0. Bit 0: speaks 1.5. */
  versions: number;
  oemId: number;
  oemAuxiliary: number;
};

export const CURRENT_CHANNEL = 0x0e;

export const getChannelAuthenticationCapabilities: IpmiCommand<AuthenticationCapabilitiesRequest, AuthenticationCapabilities> = {
  name: 'Get Channel Authentication Capabilities',
  netFn: NET_FN.app,
  code: 0x38,
  writes: false,
  request: exactBody(
    (r) => {
      const channel = r.u8();
      return { channel: channel & 0x0f, extended: channel > 0x7f, privilege: r.u8() & 0x0f };
    },
    (w, { channel, extended, privilege }) => {
      w.u8(channel | (extended ? 0x80 : 0)).u8(privilege);
    },
  ),
  response: openBody(
    (r) => ({ channel: r.u8(), types: r.u8(), status: r.u8(), versions: r.u8(), oemId: r.u24le(), oemAuxiliary: r.u8() }),
    (w, value) => {
      w.u8(value.channel).u8(value.types).u8(value.status).u8(value.versions).u24le(value.oemId).u8(value.oemAuxiliary);
    },
  ),
};

export function speaksIpmi2({ types, versions }: AuthenticationCapabilities): boolean {
  return (types & 0x80) !== 0 && (versions & 0x02) !== 0;
}
