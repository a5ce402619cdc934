// Power and leases as the API reads them.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId, RackId, ServerId } from '@rackwright/domain/ids.ts';
import type { RackPowerState } from '@rackwright/domain/power/rack-power.ts';
import { beginErrand } from '../operations/begin-operation.ts';
import { type OperationRecord, readOperation } from '../operations/read-operation.ts';
import type { PageRequest, Work } from '../inventory/work.ts';
import { type LeaseFilter, listLeases } from './read-leases.ts';
import { readRackPower } from './read-rack-power.ts';

export type PowerOn = { serverId: ServerId; requestedBy: string; reason: string };

export function postgresPower({ read, write }: Work) {
  return {
    /** Refusal `not_found`. */
    async rack(id: RackId): Promise<RackPowerState> {
      const [rack] = await readRackPower(read, { ids: [id] });
      if (!rack) throw new Refusal('not_found', { kind: 'rack', id });
      return rack;
    },
    /** Refusals `not_found`, `operation_in_progress`, `not_allowed_in_state`. Whoever called wakes the operation. */
    on: (id: OperationId, request: PowerOn): Promise<OperationRecord> =>
      write(async (tx) => {
        await beginErrand(tx, id, { ...request, errand: 'power-on-server', params: {} });
        return readOperation(tx, id);
      }),
    leases: (page: PageRequest, filter: LeaseFilter) => listLeases(read, page, filter),
  };
}
