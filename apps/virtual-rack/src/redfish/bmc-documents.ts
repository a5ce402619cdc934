// The BMC's own documents: service root, sessions, chassis, manager with its event log, tasks.
import type { ChassisEvent, SimulatedChassis } from '../chassis.ts';
import type { RedfishJson } from './answers.ts';
import type { RedfishPersonality } from './personality.ts';
import { IDLE_SECONDS, SESSIONS } from './sessions.ts';
import { ledProperties } from './system-documents.ts';

export const ROOT = '/redfish/v1';
export const CHASSIS = `${ROOT}/Chassis/1`;
export const MANAGER = `${ROOT}/Managers/1`;
export const MANAGER_RESET = `${MANAGER}/Actions/Manager.Reset`;
export const LOG = `${MANAGER}/LogServices/SEL`;
export const CLEAR_LOG = `${LOG}/Actions/LogService.ClearLog`;

const HEALTHY = { State: 'Enabled', Health: 'OK' };

function to(path: string): RedfishJson {
  return { '@odata.id': path };
}

/** The vendor is the BMC's: ours. The server's own stands at the system. */
export function rootDocument(chassis: SimulatedChassis, { sessions }: RedfishPersonality): RedfishJson {
  return {
    '@odata.type': '#ServiceRoot.v1_12_0.ServiceRoot',
    '@odata.id': `${ROOT}/`,
    Id: 'RootService',
    Name: 'Root Service',
    Vendor: 'Rackwright',
    Product: 'Virtual rack BMC',
    RedfishVersion: '1.15.0',
    UUID: chassis.identity.uuid,
    Systems: to(`${ROOT}/Systems`),
    Chassis: to(`${ROOT}/Chassis`),
    Managers: to(`${ROOT}/Managers`),
    Tasks: to(`${ROOT}/TaskService`),
    AccountService: to(`${ROOT}/AccountService`),
    ...(sessions ? { SessionService: to(`${ROOT}/SessionService`) } : {}),
    Links: sessions ? { Sessions: to(SESSIONS) } : {},
  };
}

export function sessionServiceDocument(): RedfishJson {
  return {
    '@odata.type': '#SessionService.v1_1_8.SessionService',
    '@odata.id': `${ROOT}/SessionService`,
    Id: 'SessionService',
    Name: 'Session Service',
    ServiceEnabled: true,
    SessionTimeout: IDLE_SECONDS,
    Sessions: to(SESSIONS),
  };
}

export function chassisDocument(chassis: SimulatedChassis, personality: RedfishPersonality): RedfishJson {
  const { vendor, model, serial, assetTag } = chassis.identity;
  return {
    '@odata.type': '#Chassis.v1_20_0.Chassis',
    '@odata.id': CHASSIS,
    Id: '1',
    Name: 'Chassis',
    ChassisType: 'RackMount',
    Manufacturer: vendor,
    Model: model,
    SerialNumber: serial,
    AssetTag: assetTag,
    Status: HEALTHY,
    ...ledProperties(chassis, personality),
    Links: { ComputerSystems: [to(`${ROOT}/Systems/1`)], ManagedBy: [to(MANAGER)] },
  };
}

export function managerDocument(chassis: SimulatedChassis): RedfishJson {
  return {
    '@odata.type': '#Manager.v1_14_0.Manager',
    '@odata.id': MANAGER,
    Id: '1',
    Name: 'Manager',
    ManagerType: 'BMC',
    Model: 'Virtual rack BMC',
    FirmwareVersion: chassis.identity.bmcFirmware,
    Status: HEALTHY,
    LogServices: to(`${MANAGER}/LogServices`),
    Actions: {
      '#Manager.Reset': { target: MANAGER_RESET, 'ResetType@Redfish.AllowableValues': ['GracefulRestart', 'ForceRestart'] },
    },
    Links: { ManagerForServers: [to(`${ROOT}/Systems/1`)], ManagerForChassis: [to(CHASSIS)] },
  };
}

export function logDocument(): RedfishJson {
  return {
    '@odata.type': '#LogService.v1_3_0.LogService',
    '@odata.id': LOG,
    Id: 'SEL',
    Name: 'System event log',
    LogEntryType: 'SEL',
    ServiceEnabled: true,
    Entries: to(`${LOG}/Entries`),
    Actions: { '#LogService.ClearLog': { target: CLEAR_LOG } },
  };
}

/** Entries stand whole in their collection, as on most BMCs. */
export function logEntries(events: readonly ChassisEvent[]): RedfishJson {
  return {
    '@odata.type': '#LogEntryCollection.LogEntryCollection',
    '@odata.id': `${LOG}/Entries`,
    Name: 'Log entries',
    'Members@odata.count': events.length,
    Members: events.map(logEntry),
  };
}

const SEVERITIES = { ok: 'OK', warning: 'Warning', critical: 'Critical' } as const;

export function logEntry({ id, at, severity, message }: ChassisEvent): RedfishJson {
  return {
    '@odata.type': '#LogEntry.v1_11_0.LogEntry',
    '@odata.id': `${LOG}/Entries/${id}`,
    Id: String(id),
    Name: `Log entry ${id}`,
    EntryType: 'SEL',
    Created: at.toISOString(),
    Severity: SEVERITIES[severity],
    Message: message,
  };
}

export function taskServiceDocument(): RedfishJson {
  return {
    '@odata.type': '#TaskService.v1_2_0.TaskService',
    '@odata.id': `${ROOT}/TaskService`,
    Id: 'TaskService',
    Name: 'Task Service',
    ServiceEnabled: true,
    Tasks: to(`${ROOT}/TaskService/Tasks`),
  };
}
