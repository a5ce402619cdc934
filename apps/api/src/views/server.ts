// A server as the API shows it, with what may be done with it now.
import type { CATEGORIES, ServerView } from '@rackwright/api-contract/resources/server.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import { missingFor } from '@rackwright/domain/server-lifecycle/missing-for.ts';
import { allowed, type ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
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
    enclosureId: location.enclosure?.id ?? null,
    enclosureName: location.enclosure?.name ?? null,
    slot: location.enclosure?.slot ?? null,
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
