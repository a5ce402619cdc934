// What PATCH and POST change: boot override, light, power, event log. Everything is checked before anything is changed.
import type { ChassisAction, ChassisBoot } from '../chassis.ts';
import { ACCOUNT } from './account-documents.ts';
import type { Answer, RedfishJson } from './answers.ts';
import { etagOf, NO_CONTENT, refusal } from './answers.ts';
import { CHASSIS, CLEAR_LOG, MANAGER_RESET } from './bmc-documents.ts';
import { changeBoot } from './boot-words.ts';
import type { BmcWorld } from './reads.ts';
import { readDocument } from './reads.ts';
import { RESET, RESET_TYPES, SETTINGS, SYSTEM } from './system-documents.ts';

const PATCHABLE: Readonly<Record<string, readonly string[]>> = {
  [SYSTEM]: ['Boot', 'IndicatorLED', 'LocationIndicatorActive'],
  [SETTINGS]: ['Boot'],
  [CHASSIS]: ['IndicatorLED', 'LocationIndicatorActive'],
  [ACCOUNT]: ['Password'],
};

/** Methods besides GET and HEAD at a path, for 405 and Allow. */
export function writeMethods(path: string): string[] {
  if (Object.hasOwn(PATCHABLE, path)) return ['PATCH'];
  return [RESET, CLEAR_LOG, MANAGER_RESET].includes(path) ? ['POST'] : [];
}

export function patch(world: BmcWorld, path: string, change: RedfishJson, ifMatch: string | undefined): Answer {
  const document = readDocument(world, path);
  const writable = PATCHABLE[path];
  if (!document || !writable) return refusal(404, 'ResourceMissingAtURI', 'There is nothing here.');
  if (ifMatch === undefined && world.personality.ifMatch === 'required') {
    return refusal(428, 'PreconditionRequired', 'Send If-Match with the ETag of what you read.');
  }
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== etagOf(document)) {
    return refusal(412, 'PreconditionFailed', 'The resource is not what you read any more.');
  }
  const deeds: (() => void)[] = [];
  for (const [name, value] of Object.entries(change)) {
    if (!writable.includes(name) || !(name in document)) return refusal(400, 'PropertyNotWritable', `${name} cannot be written.`);
    const deed = deedOf(world, path, name, value);
    if (typeof deed !== 'function') return deed;
    deeds.push(deed);
  }
  for (const deed of deeds) deed();
  return NO_CONTENT;
}

function deedOf(world: BmcWorld, path: string, name: string, value: unknown): (() => void) | Answer {
  if (name === 'Boot') return bootDeed(world, path, value);
  return name === 'Password' ? passwordDeed(world, value) : ledDeed(world, name, value);
}

/** The refusal repeats the value, as real services do: whoever logs it gives the password away. */
function passwordDeed({ account }: BmcWorld, value: unknown): (() => void) | Answer {
  if (typeof value === 'string' && account.acceptable(value)) return () => account.setPassword(value);
  return refusal(
    400,
    'PropertyValueFormatError',
    `The value ${JSON.stringify(value)} for the property Password is not acceptable.`,
  );
}

function bootDeed({ chassis, personality }: BmcWorld, path: string, value: unknown): (() => void) | Answer {
  if (path === SYSTEM && personality.bootInSettings) {
    return refusal(400, 'PropertyNotWritable', `Boot is read-only here, write it to ${SETTINGS}.`);
  }
  if (typeof value !== 'object' || value === null) return refusal(400, 'PropertyValueTypeError', 'Boot is an object.');
  const change = changeBoot(chassis.bootOverride(), value as RedfishJson, personality.overrides);
  if ('unknown' in change) return refusal(400, 'PropertyUnknown', `Boot has no ${change.unknown}.`);
  if ('refused' in change) {
    return refusal(400, 'PropertyValueNotInList', `${JSON.stringify(change.value)} is not a value of ${change.refused}.`);
  }
  const boot: ChassisBoot = change.boot;
  return () => chassis.setBootOverride(boot);
}

function ledDeed({ chassis }: BmcWorld, name: string, value: unknown): (() => void) | Answer {
  if (name === 'LocationIndicatorActive' && typeof value === 'boolean') return () => chassis.setLed(value);
  if (name === 'IndicatorLED' && (value === 'Lit' || value === 'Blinking' || value === 'Off')) {
    return () => chassis.setLed(value !== 'Off');
  }
  return refusal(400, 'PropertyValueNotInList', `${JSON.stringify(value)} is not a value of ${name}.`);
}

const ACTIONS: Readonly<Record<(typeof RESET_TYPES)[number], ChassisAction | 'button'>> = {
  On: 'on',
  ForceOff: 'off',
  GracefulShutdown: 'graceful_off',
  ForceRestart: 'reset',
  PowerCycle: 'cycle',
  PushPowerButton: 'button',
  Nmi: 'nmi',
};

export function post(world: BmcWorld, path: string, body: RedfishJson): Answer {
  if (path === CLEAR_LOG) {
    world.chassis.clearEvents();
    return NO_CONTENT;
  }
  if (path === MANAGER_RESET) {
    world.chassis.restartBmc();
    return NO_CONTENT;
  }
  if (path !== RESET) return refusal(404, 'ResourceMissingAtURI', 'There is no such action.');
  return reset(world, body);
}

function reset({ chassis, personality, tasks }: BmcWorld, body: RedfishJson): Answer {
  const type = RESET_TYPES.find((each) => each === body['ResetType']);
  if (type === undefined) {
    return refusal(
      400,
      'ActionParameterValueNotInList',
      `${JSON.stringify(body['ResetType'])} is not among ${RESET_TYPES.join(', ')}.`,
    );
  }
  const action = ACTIONS[type];
  const outcome = chassis.act(action === 'button' ? (chassis.power() === 'off' ? 'on' : 'graceful_off') : action);
  if (outcome === 'refused' || (outcome === 'already' && personality.sameState === 'conflict')) {
    return refusal(409, 'ActionParameterValueConflict', `${type} is not possible while power is ${chassis.power()}.`);
  }
  if (!personality.resetAsTask) return NO_CONTENT;
  return tasks.start(`Reset ${type}`, () => chassis.power() === 'on' || chassis.power() === 'off');
}
