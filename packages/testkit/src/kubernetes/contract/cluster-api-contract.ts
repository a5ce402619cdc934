// What ClusterApi promises, tried alike on the simulated and on the real API server, so that the simulated one cannot lie.
import { afterAll, beforeAll } from 'vitest';
import { type ContractCluster, type ContractWorld, openContractWorld } from './contract-cluster.ts';
import { contractOfJoining } from './joining.ts';
import { contractOfLeaving } from './leaving.ts';
import { contractOfPowerOff } from './power-off.ts';

/** Call inside `describe`; `open` is asked once, before the first test. */
export function clusterApiContract(open: () => Promise<ContractCluster>): void {
  let world: ContractWorld | undefined;
  const current = () => {
    if (world === undefined) throw new Error('the cluster is not open');
    return world;
  };
  beforeAll(async () => {
    world = openContractWorld(await open());
  });
  afterAll(async () => world?.close());
  contractOfJoining(current);
  contractOfLeaving(current);
  contractOfPowerOff(current);
}
