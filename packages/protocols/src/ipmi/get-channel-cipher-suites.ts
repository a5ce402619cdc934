// Get Channel Cipher Suites (IPMI 2.0 §22.15): which suites the BMC offers, as records in pages of 16 bytes.
import { exactBody, type IpmiCommand, openBody } from './body.ts';
import { NET_FN } from './constants.ts';
import type { Algorithms } from './open-session.ts';

export type CipherSuitesRequest = { channel: number; payloadType: number; bySuite: boolean; page: number };
/** `records`: this page's bytes. Shorter than 16: the last page. */
export type CipherSuitesPage = { channel: number; records: Uint8Array };

export const getChannelCipherSuites: IpmiCommand<CipherSuitesRequest, CipherSuitesPage> = {
  name: 'Get Channel Cipher Suites',
  netFn: NET_FN.app,
  code: 0x54,
  writes: false,
  request: exactBody(
    (r) => {
      const [channel, payloadType, index] = [r.u8() & 0x0f, r.u8() & 0x3f, r.u8()];
      return { channel, payloadType, bySuite: index > 0x7f, page: index & 0x3f };
    },
    (w, { channel, payloadType, bySuite, page }) => {
      w.u8(channel)
        .u8(payloadType)
        .u8(page | (bySuite ? 0x80 : 0));
    },
  ),
  response: openBody(
    (r) => ({ channel: r.u8(), records: r.take(Math.min(r.left, 16)) }),
    (w, { channel, records }) => {
      w.u8(channel).raw(records);
    },
  ),
};

/** A suite's record (table 22-18): c0 and its number, then the algorithms, tagged by kind in the two highest bits. */
export function cipherSuiteRecord(suite: number, algorithms: Algorithms): Uint8Array {
  return Uint8Array.of(0xc0, suite, algorithms.authentication, 0x40 | algorithms.integrity, 0x80 | algorithms.confidentiality);
}
