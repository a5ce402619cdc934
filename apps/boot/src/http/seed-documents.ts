// A server's cloud-init seed: the values that the store holds, as the three documents that NoCloud reads.
import { metaData } from '@rackwright/documents/cloud-init/meta-data.ts';
import { networkConfig } from '@rackwright/documents/cloud-init/network-config.ts';
import { nodeUserData } from '@rackwright/documents/cloud-init/user-data.ts';
import type { SeedValues } from './needs.ts';

export type SeedDocuments = { 'meta-data': string; 'network-config': string; 'user-data': string };

export function seedDocuments(values: SeedValues, bootUrl: string): SeedDocuments {
  return {
    'meta-data': metaData(values),
    'network-config': networkConfig(values.network),
    'user-data': nodeUserData({ ...values, bootUrl }),
  };
}
