// Power: reads the state, sends the reset type that this BMC knows, and waits until the state says so.
import type { PowerAction, PowerState } from '@rackwright/domain/bmc.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import type { Conversation } from './conversation.ts';
import type { RedfishDocument } from './documents.ts';
import { asDocument, link, list, part, text, texts } from './documents.ts';
import type { FoundServer } from './find-server.ts';
import { waitUntil, writeAndVerify } from './wait-until.ts';

const STATES: Readonly<Record<string, PowerState>> = {
  On: 'on',
  Off: 'off',
  PoweringOn: 'powering_on',
  PoweringOff: 'powering_off',
  // A paused host draws power and runs nothing: to us it is on.
  Paused: 'on',
};

export function powerStateOf(system: RedfishDocument): PowerState {
  return STATES[text(system, 'PowerState')] ?? 'unknown';
}

export async function readPower(redfish: Conversation, server: FoundServer): Promise<PowerState> {
  return powerStateOf((await redfish.get(server.systemPath)).document);
}

/** Ends when the BMC reports the wanted state. Throws Fault. */
export async function setPower(redfish: Conversation, server: FoundServer, action: PowerAction): Promise<void> {
  const { timings } = redfish;
  switch (action) {
    case 'on':
      return bringTo('on', timings.powerOn, ['On', 'ForceOn'], redfish, server);
    case 'off':
      return bringTo('off', timings.powerOff, ['ForceOff'], redfish, server);
    case 'graceful_off':
      return bringTo('off', timings.gracefulOff, ['GracefulShutdown', 'PushPowerButton'], redfish, server);
    case 'reboot':
      // Not ForceRestart or PowerCycle: on before and on after proves nothing, and ForceRestart hangs some Lenovos.
      if ((await readPower(redfish, server)) !== 'off') {
        await bringTo('off', timings.powerOff, ['ForceOff'], redfish, server);
        await redfish.clock.wait(timings.restAfterOff);
      }
      return bringTo('on', timings.powerOn, ['On', 'ForceOn'], redfish, server);
  }
}

async function bringTo(wanted: 'on' | 'off', within: number, ways: string[], redfish: Conversation, server: FoundServer) {
  const system = (await redfish.get(server.systemPath)).document;
  const state = powerStateOf(system);
  if (state === wanted) return;
  const read = () => readPower(redfish, server);
  // Nobody can be told to go on before it is down.
  if (wanted === 'on' && state === 'powering_off') await waitUntil(redfish, { within, read, so: (now) => now !== state });
  // On its way already: a second order would be refused, or toggle the button back. A hard off may overtake a graceful one.
  const settling = state === `powering_${wanted}` && ways[0] !== 'ForceOff';
  if (settling && (await waitUntil(redfish, { within, read, so: (now) => now === wanted })) !== undefined) return;

  const reset = await chooseReset(redfish, system, ways);
  await writeAndVerify(redfish, () => order(redfish, server, reset, wanted), {
    within,
    read,
    so: (now) => now === wanted,
    saying: (last) => `the BMC accepted ${reset.type} and reports ${last} after ${within} ms`,
  });
}

type Reset = { target: string; type: string };

async function order(redfish: Conversation, server: FoundServer, { target, type }: Reset, wanted: PowerState): Promise<void> {
  const patience = server.quirks.powerOnConflict;
  for (let tries = 1; ; tries += 1) {
    try {
      return await redfish.post(target, { ResetType: type });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const status = error.facts['status'];
      // Dell and iLO answer 400 or 409 to "be as you are": not a failure if it is so.
      if ((status === 400 || status === 409) && (await readPower(redfish, server)) === wanted) return;
      if (status !== 409 || type !== 'On' || tries >= (patience?.tries ?? 1)) throw error;
      await redfish.clock.wait(patience?.everyMs ?? 0);
    }
  }
}

async function chooseReset(redfish: Conversation, system: RedfishDocument, ways: string[]): Promise<Reset> {
  const action = part(system, 'Actions', '#ComputerSystem.Reset');
  const target = text(action, 'target');
  const allowed = await allowedResets(redfish, action);
  const type = ways.find((way) => allowed.includes(way));
  if (target === '' || type === undefined) {
    const cause =
      target === '' ? 'the system offers no reset action' : `none of ${ways.join(', ')} is among ${allowed.join(', ')}`;
    throw new Fault({ code: 'bmc_unsupported', doing: redfish.doing, retry: 'never', cause });
  }
  return { target, type };
}

// What every BMC that publishes no list has been seen to take.
const ASSUMED = ['On', 'ForceOff', 'ForceRestart'];

/** Listed in the action (Dell, HPE), or in an ActionInfo beside it (Supermicro X13, AMI, OpenBMC). */
async function allowedResets(redfish: Conversation, action: RedfishDocument): Promise<string[]> {
  const inline = texts(action, 'ResetType@Redfish.AllowableValues');
  if (inline.length > 0) return inline;
  const path = text(action, '@Redfish.ActionInfo') || link(action, '@Redfish.ActionInfo');
  if (path === undefined || path === '') return ASSUMED;
  const parameters = list((await redfish.get(path)).document, 'Parameters').map(asDocument);
  const listed = parameters
    .filter((each) => text(each, 'Name') === 'ResetType')
    .flatMap((each) => texts(each, 'AllowableValues'));
  return listed.length > 0 ? listed : ASSUMED;
}
