// Which document stands at which path of the simulated BMC.
import type { BmcAccount } from '../bmc-account.ts';
import type { SimulatedChassis } from '../chassis.ts';
import { ACCOUNT, ACCOUNT_SERVICE, ACCOUNTS, accountDocument, accountServiceDocument } from './account-documents.ts';
import type { RedfishJson } from './answers.ts';
import {
  CHASSIS,
  chassisDocument,
  LOG,
  logDocument,
  logEntries,
  logEntry,
  MANAGER,
  managerDocument,
  ROOT,
  rootDocument,
  sessionServiceDocument,
  taskServiceDocument,
} from './bmc-documents.ts';
import type { RedfishPersonality } from './personality.ts';
import type { Sessions } from './sessions.ts';
import { SESSIONS, sessionDocument } from './sessions.ts';
import {
  collection,
  partDocument,
  RESET_INFO,
  resetActionInfo,
  SETTINGS,
  SYSTEM,
  settingsDocument,
  storageDocument,
  systemDocument,
} from './system-documents.ts';
import type { Tasks } from './tasks.ts';
import { TASKS } from './tasks.ts';

/** What one simulated BMC consists of. */
export type BmcWorld = {
  chassis: SimulatedChassis;
  personality: RedfishPersonality;
  sessions: Sessions;
  tasks: Tasks;
  account: BmcAccount;
};

const FIXED: Readonly<Record<string, (world: BmcWorld) => RedfishJson>> = {
  '/redfish': () => ({ v1: `${ROOT}/` }),
  [ROOT]: ({ chassis, personality }) => rootDocument(chassis, personality),
  [`${ROOT}/Systems`]: () => collection(`${ROOT}/Systems`, 'ComputerSystem', [SYSTEM]),
  [SYSTEM]: ({ chassis, personality }) => systemDocument(chassis, personality),
  [RESET_INFO]: resetActionInfo,
  [`${SYSTEM}/Processors`]: ({ chassis }) => numbered('Processors', 'Processor', chassis.hardware.cpus.length),
  [`${SYSTEM}/Memory`]: ({ chassis }) => numbered('Memory', 'Memory', chassis.hardware.memory.length),
  [`${SYSTEM}/EthernetInterfaces`]: ({ chassis }) =>
    numbered('EthernetInterfaces', 'EthernetInterface', chassis.hardware.nics.length),
  [`${SYSTEM}/Storage`]: () => numbered('Storage', 'Storage', 1),
  [`${SYSTEM}/Storage/1`]: ({ chassis }) => storageDocument(chassis),
  [`${ROOT}/Chassis`]: () => collection(`${ROOT}/Chassis`, 'Chassis', [CHASSIS]),
  [CHASSIS]: ({ chassis, personality }) => chassisDocument(chassis, personality),
  [`${ROOT}/Managers`]: () => collection(`${ROOT}/Managers`, 'Manager', [MANAGER]),
  [MANAGER]: ({ chassis }) => managerDocument(chassis),
  [`${MANAGER}/LogServices`]: () => collection(`${MANAGER}/LogServices`, 'LogService', [LOG]),
  [LOG]: logDocument,
  [`${LOG}/Entries`]: ({ chassis }) => logEntries(chassis.events()),
  [`${ROOT}/TaskService`]: taskServiceDocument,
  [ACCOUNT_SERVICE]: accountServiceDocument,
  [ACCOUNTS]: () => collection(ACCOUNTS, 'ManagerAccount', [ACCOUNT]),
  [ACCOUNT]: ({ account }) => accountDocument(account),
  [TASKS]: ({ tasks }) =>
    collection(
      TASKS,
      'Task',
      tasks.ids().map((id) => `${TASKS}/${id}`),
    ),
};

/** Undefined: 404. `path` has no slash at its end. */
export function readDocument(world: BmcWorld, path: string): RedfishJson | undefined {
  const { chassis, personality } = world;
  if (path === SETTINGS) return personality.bootInSettings ? settingsDocument(chassis, personality) : undefined;
  if (path.startsWith(`${ROOT}/SessionService`)) return personality.sessions ? sessionDocuments(world, path) : undefined;
  if (Object.hasOwn(FIXED, path)) return FIXED[path]?.(world);
  return memberDocument(world, path);
}

function sessionDocuments({ sessions, account }: BmcWorld, path: string): RedfishJson | undefined {
  if (path === `${ROOT}/SessionService`) return sessionServiceDocument();
  const ids = sessions.ids();
  if (path === SESSIONS) {
    return collection(
      SESSIONS,
      'Session',
      ids.map((id) => `${SESSIONS}/${id}`),
    );
  }
  const id = path.slice(SESSIONS.length + 1);
  return ids.includes(id) ? sessionDocument(id, account.username) : undefined;
}

function memberDocument({ chassis, tasks }: BmcWorld, path: string): RedfishJson | undefined {
  const [, parent, id] = /^(.*)\/(\d{1,9})$/.exec(path) ?? [];
  if (parent === undefined || id === undefined) return undefined;
  if (parent === TASKS) return tasks.read(id);
  if (parent === `${LOG}/Entries`) {
    const event = chassis.events().find((each) => String(each.id) === id);
    return event && logEntry(event);
  }
  return parent.startsWith(`${SYSTEM}/`) ? partDocument(chassis, parent.slice(SYSTEM.length + 1), Number(id)) : undefined;
}

function numbered(name: string, kind: string, count: number): RedfishJson {
  const path = `${SYSTEM}/${name}`;
  return collection(
    path,
    kind,
    Array.from({ length: count }, (_, index) => `${path}/${index + 1}`),
  );
}
