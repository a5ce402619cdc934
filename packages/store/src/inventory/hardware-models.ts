// Hardware models: what servers of a product are expected to be made of.
import type { PowerDraw } from '@rackwright/domain/power/draw.ts';
import type { ExpectedFirmware, ExpectedHardware } from '@rackwright/domain/hardware/hardware-model.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { HardwareModelId } from '@rackwright/domain/ids.ts';
import { listTable, type Table, tableCollection } from './table-collection.ts';
import { type PageRequest, type Stamps, stamps, type Work } from './work.ts';

export type NewHardwareModel = ExpectedHardware &
  Partial<ExpectedFirmware> & {
    name: string;
    product: string;
    /** Null or absent: assumed. */
    power?: PowerDraw | null;
  };
export type HardwareModelRecord = Stamps &
  ExpectedHardware &
  ExpectedFirmware & { name: string; product: string; power: PowerDraw | null } & { id: HardwareModelId };

const MODELS: Table<NewHardwareModel> & { kind: 'hardware_model' } = {
  kind: 'hardware_model',
  table: 'hardware_models',
  select: `select t.id, t.name, t.product, t.cpu_sockets as "cpuSockets", t.memory_bytes as "memoryBytes", t.disks, t.nics, t.power,
                  t.bmc_firmware as "bmcFirmware", t.bios_version as "biosVersion",
                  ${stamps('t')} from hardware_models t`,
  columns: {
    name: 'name',
    product: 'product',
    cpuSockets: 'cpu_sockets',
    memoryBytes: 'memory_bytes',
    disks: 'disks::jsonb',
    nics: 'nics',
    power: 'power::jsonb',
    bmcFirmware: 'bmc_firmware',
    biosVersion: 'bios_version',
  },
  meanings: ({ name = '', product = '' }) => ({
    hardware_models_name_key: () => new Refusal('name_taken', { kind: 'hardware model', name }),
    hardware_models_product_key: () => new Refusal('name_taken', { kind: 'hardware model for product', name: product }),
  }),
};

export function postgresHardwareModels(work: Work) {
  const collection = tableCollection<'hardware_model', HardwareModelRecord, NewHardwareModel>(work, MODELS);
  return {
    ...collection,
    list: (page: PageRequest, filter: { name?: string | undefined; product?: string | undefined }) =>
      listTable<HardwareModelRecord>(work.read, MODELS, page, { name: filter.name, product: filter.product }),
  };
}
