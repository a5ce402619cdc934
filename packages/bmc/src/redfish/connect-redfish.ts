// A Redfish BMC behind the port that workflows know.
import type { BmcCredentials, BmcEndpoint } from '@rackwright/domain/bmc.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import type { BeforeWrite, Bmc, OwnBmcAccount } from '@rackwright/workflows/ports.ts';
import { type Authorisation, authorise, NOBODY } from './authorisation.ts';
import { bootOnce, readBootOverride } from './boot-override.ts';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import type { Conversation } from './conversation.ts';
import { conversations } from './conversation.ts';
import type { RedfishDocument } from './documents.ts';
import { link, part } from './documents.ts';
import { readEventLog } from './event-log.ts';
import type { FoundServer } from './find-server.ts';
import { findServer } from './find-server.ts';
import { readIdentifyLed, setIdentifyLed } from './identify-led.ts';
import { look } from './look.ts';
import { changeOwnPassword, endOtherSessions } from './own-account.ts';
import { readPower, setPower } from './power.ts';
import { readHardware, readIdentity } from './read-hardware.ts';
import { resetBmc } from './reset-bmc.ts';
import type { Timings } from './timings.ts';
import { briefly, FIELD_TIMINGS } from './timings.ts';
import { openTransport, originOf } from './transport.ts';

export type RedfishOptions = {
  clock?: Clock;
  timings?: Partial<Timings>;
  /** For the sweep of a fleet: connects without patience. */
  brief?: boolean;
};

const ROOT = '/redfish/v1/';

/**
 * Reads the service root, logs in and finds the server, so that a wrong password or address shows here.
 * Throws Fault, and then no session stays behind.
 */
export async function connectRedfish(
  endpoint: BmcEndpoint,
  credentials: BmcCredentials,
  { clock = systemClock, timings: changed = {}, brief = false }: RedfishOptions = {},
  beforeWrite: BeforeWrite = async () => {},
): Promise<Bmc & OwnBmcAccount> {
  const patient = { ...FIELD_TIMINGS, ...changed };
  const timings = brief ? briefly(patient) : patient;
  const { host } = originOf(endpoint);
  const transport = openTransport(endpoint, timings);
  let end = () => transport.close();
  try {
    const strangers = conversations({ transport, authorisation: NOBODY, clock, timings, host, beforeWrite });
    const anonymous = await readRoot(strangers('read the service root'));
    const authorisation = authorise({ transport, credentials, timings, clock, host, sessionsPath: sessionsPath(anonymous) });
    end = async () => {
      try {
        await authorisation.end();
      } finally {
        await transport.close();
      }
    };
    const during = conversations({ transport, authorisation, clock, timings, host, beforeWrite });

    const connecting = during('connect');
    const root = anonymous ?? (await connecting.get(ROOT)).document;
    const server = await findServer(connecting, root);
    if (server.quirks.freshConnections) transport.useFreshConnections();
    const own = accountOf(server, during, { authorisation, username: credentials.username });
    return { ...bmcOf(server, during, briefly(timings), end), ...own };
  } catch (error) {
    await end().catch(() => undefined);
    throw error;
  }
}

type During = (what: string, own?: Timings) => Conversation;

function bmcOf(server: FoundServer, during: During, brief: Timings, end: () => Promise<void>): Bmc {
  return {
    identify: () => readIdentity(during('identify the server'), server),
    power: () => readPower(during('read the power state'), server),
    look: () => look(during('look at the server', brief), server),
    setPower: (action) => setPower(during(`set power ${action}`), server, action),
    bootOverride: () => readBootOverride(during('read the boot override'), server),
    bootOnce: (device, mode) => bootOnce(during(`set one-time boot to ${device} (${mode})`), server, device, mode),
    identifyLed: () => readIdentifyLed(during('read the identify light'), server),
    setIdentifyLed: (lit) => setIdentifyLed(during(`turn the identify light ${lit ? 'on' : 'off'}`), server, lit),
    hardware: () => readHardware(during('read the hardware'), server),
    eventLog: () => readEventLog(during('read the event log'), server),
    resetBmc: () => resetBmc(during('restart the BMC'), server),
    close: () => end().catch(() => undefined),
  };
}

function accountOf(
  { root }: FoundServer,
  during: (what: string) => Conversation,
  { authorisation, username }: { authorisation: Authorisation; username: string },
): OwnBmcAccount {
  return {
    changeOwnPassword: (password) => changeOwnPassword(during('change the password'), root, username, password),
    endOtherSessions: () =>
      endOtherSessions(during('end other sessions'), { path: sessionsPath(root), own: authorisation.sessionPath(), username }),
  };
}

/** Open to all by the standard (DSP0266 §13.2.2). Undefined where a BMC wants a login even for this. */
async function readRoot(redfish: Conversation): Promise<RedfishDocument | undefined> {
  try {
    return (await redfish.get(ROOT)).document;
  } catch (error) {
    if (error instanceof Fault && error.code === 'bmc_auth_failed') return undefined;
    throw error;
  }
}

/** Some roots name sessions only among their links; a root that we may not read has them at the standard's place. */
function sessionsPath(root: RedfishDocument | undefined): string | undefined {
  if (root === undefined) return '/redfish/v1/SessionService/Sessions';
  const service = link(root, 'SessionService');
  return link(part(root, 'Links'), 'Sessions') ?? (service === undefined ? undefined : `${service.replace(/\/$/, '')}/Sessions`);
}
