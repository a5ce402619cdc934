// The Bmc port over IPMI 2.0: what a workflow may ask, each write verified by reading back.
import type { BmcCredentials, BmcEndpoint } from '@rackwright/domain/bmc.ts';
import { PRIVILEGE, RMCP_PORT } from '@rackwright/protocols/ipmi/constants.ts';
import type { BeforeWrite, Bmc, OwnBmcAccount } from '@rackwright/workflows/ports.ts';
import { bootOnce, readBootOverride } from './boot-override.ts';
import { type IpmiClock, type Patience, systemClock } from './clock.ts';
import { readEventLog } from './event-log.ts';
import { readIdentifyLed, setIdentifyLed } from './identify-led.ts';
import { readHardware, readIdentity } from './inventory.ts';
import { ipmiLine } from './line.ts';
import { changeOwnPassword } from './own-password.ts';
import { look, type PowerPatience, readPower, setPower, USUAL_POWER_PATIENCE } from './power.ts';
import { resetBmc } from './reset-bmc.ts';

export type IpmiOptions = {
  /** Time, for tests that cannot wait; the system's unless told. */
  clock?: IpmiClock;
  power?: Partial<PowerPatience>;
  /** How long boot options and the light may take to read back as written. */
  settings?: Patience;
  /** For users that may not be administrators. Operators may do all that Rackwright asks. */
  privilege?: 'administrator' | 'operator';
};

/** A Bmc that also tells which cipher suite its session uses. */
export type IpmiBmc = Bmc & OwnBmcAccount & { cipherSuite(): number | undefined };

const USUAL_SETTINGS_PATIENCE: Patience = { everyMs: 1_000, withinMs: 10_000 };

/**
 * Opens a session: cipher suite 17, else 3. Throws Fault bmc_unreachable, bmc_auth_failed (never retried, also not by later calls),
 * bmc_busy (no session free), bmc_unsupported (IPMI 1.5 only, no suite in common), bmc_protocol_error.
 */
export async function connectIpmi(
  endpoint: BmcEndpoint,
  credentials: BmcCredentials,
  options: IpmiOptions = {},
  beforeWrite?: BeforeWrite,
): Promise<IpmiBmc> {
  const whereabouts = {
    host: endpoint.address,
    port: endpoint.port ?? RMCP_PORT,
    credentials,
    privilege: PRIVILEGE[options.privilege ?? 'administrator'],
    clock: options.clock ?? systemClock,
  };
  const line = ipmiLine(whereabouts, beforeWrite);
  const power = { ...USUAL_POWER_PATIENCE, ...options.power };
  const settings = options.settings ?? USUAL_SETTINGS_PATIENCE;
  // The first question opens the session, so that wrong credentials show here and not at some later deed.
  await readPower(line).catch(async (cause: unknown) => {
    await line.close();
    throw cause;
  });

  return {
    identify: () => readIdentity(line),
    power: () => readPower(line),
    look: () => look(line),
    setPower: (action) => setPower(line, action, power),
    bootOverride: () => readBootOverride(line),
    bootOnce: (device, mode) => bootOnce(line, device, mode, settings),
    identifyLed: () => readIdentifyLed(line),
    setIdentifyLed: (lit) => setIdentifyLed(line, lit, settings),
    hardware: () => readHardware(line),
    eventLog: (after) => readEventLog(line, after),
    resetBmc: () => resetBmc(line),
    changeOwnPassword: (password) => changeOwnPassword(line, credentials.username, password),
    // IPMI tells no session's id to others; they end by themselves after a minute of silence (§6.12.15).
    endOtherSessions: () => Promise.resolve(0),
    cipherSuite: () => line.suite(),
    close: () => line.close(),
  };
}
