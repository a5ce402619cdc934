// What the API reads of power and of leases.
import type { OperationId, RackId, ServerId, SiteId } from '@rackwright/domain/ids.ts';
import type { RackPowerState } from '@rackwright/domain/power/rack-power.ts';
import type { Page, PageRequest } from './collection-needs.ts';
import type { OperationRecord } from './records.ts';

export type LeaseRecord = {
  server: { id: ServerId; name: string };
  rack: { id: RackId; name: string } | null;
  siteId: SiteId;
  owner: { operationId: OperationId; type: string; requestedBy: string };
  reason: string;
  since: string;
  expiresAt: string;
  waitingFor: OperationRecord['waitingFor'];
};
export type LeaseFilter = {
  serverId?: ServerId | undefined;
  rackId?: RackId | undefined;
  siteId?: SiteId | undefined;
  waitingFor?: string | undefined;
};

export interface Power {
  /** Refusal `not_found`. */
  rack(id: RackId): Promise<RackPowerState>;
  leases(page: PageRequest, filter: LeaseFilter): Promise<Page<LeaseRecord>>;
}
