// Power and leases as the API reads them.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { RackId } from '@rackwright/domain/ids.ts';
import type { RackPowerState } from '@rackwright/domain/power/rack-power.ts';
import type { PageRequest, Work } from '../inventory/work.ts';
import { type LeaseFilter, listLeases } from './read-leases.ts';
import { readRackPower } from './read-rack-power.ts';

export function postgresPower({ read }: Work) {
  return {
    /** Refusal `not_found`. */
    async rack(id: RackId): Promise<RackPowerState> {
      const [rack] = await readRackPower(read, { ids: [id] });
      if (!rack) throw new Refusal('not_found', { kind: 'rack', id });
      return rack;
    },
    leases: (page: PageRequest, filter: LeaseFilter) => listLeases(read, page, filter),
  };
}
