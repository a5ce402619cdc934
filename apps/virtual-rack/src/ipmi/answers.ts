// Every command the simulated BMC knows, in the order of the specification's chapters.
import { enterpriseNumber } from '@rackwright/bmc/ipmi/vendors.ts';
import { CIPHER_SUITES } from '@rackwright/bmc/ipmi/cipher-suites.ts';
import { closeSession } from '@rackwright/protocols/ipmi/close-session.ts';
import { coldReset } from '@rackwright/protocols/ipmi/cold-reset.ts';
import { COMPLETION, PRIVILEGE } from '@rackwright/protocols/ipmi/constants.ts';
import { getChannelAuthenticationCapabilities } from '@rackwright/protocols/ipmi/get-channel-authentication-capabilities.ts';
import { cipherSuiteRecord, getChannelCipherSuites } from '@rackwright/protocols/ipmi/get-channel-cipher-suites.ts';
import { getDeviceId } from '@rackwright/protocols/ipmi/get-device-id.ts';
import { getSystemGuid } from '@rackwright/protocols/ipmi/get-system-guid.ts';
import { guidBytes } from '@rackwright/protocols/ipmi/guid.ts';
import { LEVEL_BEYOND_LIMIT, setSessionPrivilegeLevel } from '@rackwright/protocols/ipmi/set-session-privilege-level.ts';
import { CHASSIS_ANSWERS } from './chassis-answers.ts';
import { ANYBODY, type Handler, handler, refuse } from './handler.ts';
import { BMC_SUPPORT, SDR_ANSWERS } from './sdr-answers.ts';
import { STORAGE_ANSWERS } from './storage-answers.ts';
import { USER_ANSWERS } from './user-answers.ts';

const CHANNEL = 1;
/** IPMI 2.0 answer valid; no IPMI 1.5 authentication on offer. */
const AUTHENTICATION_TYPES = 0x80;
const NAMED_USERS_ONLY = 0x04;
const VERSION_2_ONLY = 0x02;
const RECORDS_PER_PAGE_BYTES = 16;

const SUITES = Uint8Array.from(
  CIPHER_SUITES.toReversed().flatMap(({ number, algorithms }) => [...cipherSuiteRecord(number, algorithms)]),
);

const APP_ANSWERS: Handler[] = [
  handler(getDeviceId, (_request, { chassis }) => ({
    deviceId: 0x20,
    revision: 1,
    busy: false,
    ipmiVersion: 0x02,
    support: BMC_SUPPORT,
    product: 1,
    firmware: firmwareVersion(chassis.identity.bmcFirmware),
    manufacturer: enterpriseNumber(chassis.identity.vendor),
  })),
  handler(
    coldReset,
    (_request, { chassis }) => {
      chassis.restartBmc();
      return {};
    },
    PRIVILEGE.administrator,
  ),
  handler(getSystemGuid, (_request, { chassis }) => ({ guid: guidBytes(chassis.identity.uuid, 'smbios') }), ANYBODY),
  handler(
    getChannelAuthenticationCapabilities,
    () => ({
      channel: CHANNEL,
      types: AUTHENTICATION_TYPES,
      status: NAMED_USERS_ONLY,
      versions: VERSION_2_ONLY,
      oemId: 0,
      oemAuxiliary: 0,
    }),
    ANYBODY,
  ),
  handler(
    getChannelCipherSuites,
    ({ page }) => {
      const start = page * RECORDS_PER_PAGE_BYTES;
      return { channel: CHANNEL, records: SUITES.slice(start, start + RECORDS_PER_PAGE_BYTES) };
    },
    ANYBODY,
  ),
  handler(setSessionPrivilegeLevel, ({ privilege }, _bmc, caller) => {
    if (!caller) return refuse(COMPLETION.insufficientPrivilege);
    // 0 asks for the level as it is.
    if (privilege === 0) return { privilege: caller.privilege };
    if (privilege > caller.mayHave) return refuse(LEVEL_BEYOND_LIMIT);
    caller.privilege = privilege;
    return { privilege };
  }),
  handler(closeSession, ({ sessionId }, _bmc, caller) => {
    return caller?.close(sessionId) ? {} : refuse(0x87); // invalid session id (§22.19)
  }),
];

const BY_NUMBER = new Map(
  [...APP_ANSWERS, ...CHASSIS_ANSWERS, ...SDR_ANSWERS, ...STORAGE_ANSWERS, ...USER_ANSWERS].map((one) => [
    one.netFn * 256 + one.code,
    one,
  ]),
);

export function handlerFor(netFn: number, code: number): Handler | undefined {
  return BY_NUMBER.get(netFn * 256 + code);
}

/** The two numbers IPMI has room for; the second is BCD on the wire. */
function firmwareVersion(text: string): string {
  const [, major = '1', minor = '0'] = /(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return `${Number(major) & 0x7f}.${minor.slice(0, 2).padStart(2, '0')}`;
}
