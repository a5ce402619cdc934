// A server as the API shows it, with what may be done with it now.
import type { CATEGORIES, ServerView } from '@rackwright/api-contract/resources/server.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import { allowed, next, type ServerEvent, type ServerState, workflowOf } from '@rackwright/domain/server-lifecycle/table.ts';
import type { ServerRecord } from '../records.ts';

/** A closed set, so that a client can colour a state that it does not know. */
const CATEGORY = {
  discovered: 'attention',
  registered: 'attention',
  onboarding: 'progress',
  onboarding_failed: 'bad',
  available: 'good',
  provisioning: 'progress',
  provisioning_failed: 'bad',
  in_service: 'good',
  reimaging: 'progress',
  releasing: 'leaving',
  retiring: 'leaving',
  quarantined: 'bad',
  retired: 'leaving',
  remediating: 'progress',
  degraded: 'bad',
  isolating: 'leaving',
  in_repair: 'attention',
  validating: 'progress',
} satisfies Record<ServerState, (typeof CATEGORIES)[number]>;

export function viewServer(record: ServerRecord): ServerView {
  const { location, hardware, bmc, hasBmcCredentials, nics, assignment, ...rest } = record;
  return {
    kind: 'server',
    ...rest,
    stateCategory: CATEGORY[record.state],
    siteId: location.siteId,
    siteName: location.siteName,
    rackId: location.rackId,
    rackName: location.rackName,
    powerFeeds: location.powerFeeds,
    uPosition: location.uPosition,
    uHeight: location.uHeight,
    face: location.face,
    nics: Object.fromEntries(nics.map(({ mac, name, boot }) => [mac, { name, boot }])),
    bmc: bmc && { ...bmc, hasCredentials: hasBmcCredentials },
    hardware: hardware && summarise(hardware),
    assignment,
    allowedOperations: allowedOperations(record),
  };
}

/** The life-cycle table says what the state allows; what else is in the way is said with it. */
function allowedOperations(record: ServerRecord): ServerView['allowedOperations'] {
  if (record.currentOperationId !== null) return [{ type: 'cancel', blockedBy: [] }];
  return allowed(record.state, 'operator').map((type) => ({
    type,
    blockedBy: missingFor(type, record).map((code) => ({ code })),
  }));
}

/** The record is closed by it. */
const CLOSES = new Set<ServerEvent>(['retire', 'write_off']);

type Asked = Pick<ServerRecord, 'state' | 'bmc' | 'hasBmcCredentials' | 'nics' | 'networkId' | 'address' | 'hardware'>;

/** What it cannot begin without. What runs no workflow needs nothing but the record. */
export function missingFor(type: ServerEvent, record: Asked): string[] {
  if (isDoneAtOnce(record.state, type)) return CLOSES.has(type) && record.hardware !== null ? ['disks_may_hold_data'] : [];
  const missing: string[] = [];
  // Nobody knows which disks there are to erase.
  if (type === 'retire' && record.hardware === null) missing.push('hardware_not_accepted');
  if (record.bmc === null || !record.hasBmcCredentials) missing.push('bmc_missing');
  // A restart boots what is installed.
  if (type === 'remediate') return missing;
  const bootable = record.nics.some((nic) => nic.boot) && record.networkId !== null && record.address !== null;
  if (!bootable) missing.push('boot_nic_missing');
  return missing;
}

/** The table leads to a resting state: no workflow runs. */
export function isDoneAtOnce(state: ServerState, type: ServerEvent): boolean {
  const to = next(state, type);
  return to !== undefined && workflowOf(to) === undefined;
}

function summarise({ system, cpu, memoryBytes, disks, nics }: Inspection): NonNullable<ServerView['hardware']> {
  return {
    manufacturer: system.manufacturer,
    product: system.product,
    cpuModel: cpu.model,
    cores: cpu.cores,
    memoryBytes,
    disks: disks.length,
    diskBytes: disks.reduce((sum, disk) => sum + disk.sizeBytes, 0),
    nics: nics.length,
  };
}
