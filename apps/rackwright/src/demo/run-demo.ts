// The virtual rack of `npm start`: simulated servers and a cluster to join, put on file and brought into service before your eyes.
import { readFile } from 'node:fs/promises';
import { startVirtualRack } from '@rackwright/virtual-rack-app/virtual-rack.ts';
import { apiClient } from '../client/api-client.ts';
import type { Rackwright } from '../compose.ts';
import type { Config } from '../config.ts';
import { earlierBmcPorts } from './earlier-bmcs.ts';
import { leadToService } from './lead-to-service.ts';
import { registerRack, type ClusterToRegister } from './register-rack.ts';
import { startSimulatedCluster } from './simulated-cluster.ts';

export type Demo = {
  /** Ends when all servers are in service. */
  ready: Promise<{ inService: number; servers: number; seconds: number }>;
  close(): Promise<void>;
};

export async function runDemo(config: Config, rackwright: Rackwright, began: number): Promise<Demo> {
  const { api, boot } = rackwright;
  if (!api || !boot) throw new Error('the virtual rack needs the roles api and boot in this process');
  const closers: (() => Promise<void>)[] = [];
  let stopped = false;
  const cluster = await clusterToJoin(config.kubeconfig, closers);
  const client = apiClient(api.url, config.apiToken);
  const port = await earlierBmcPorts(client);
  const rackOf = { servers: config.virtualServers, boot: bootOf(config, boot) };
  // Where somebody else has one of the ports now, new ones must do.
  const rack = await startVirtualRack({ ...rackOf, bmc: { port } }).catch(() => startVirtualRack(rackOf));
  closers.push(() => rack.close());
  const onFile = await registerRack(client, rack.servers, cluster);
  const secondsSince = (): number => (performance.now() - began) / 1000;
  const tell = (line: string): void => console.log(`${secondsSince().toFixed(1).padStart(6)} s  ${line}`);
  const ready = leadToService(client, onFile, tell, () => stopped).then((inService) => ({
    inService,
    servers: onFile.servers.length,
    seconds: secondsSince(),
  }));
  return {
    ready,
    async close() {
      stopped = true;
      await ready.catch(() => undefined);
      for (const close of closers.reverse()) await close();
    },
  };
}

function bootOf({ boot: { address } }: Config, { dhcpPort, tftpPort }: NonNullable<Rackwright['boot']>) {
  return { dhcp: { address, port: dhcpPort }, tftpPort };
}

/** The operator's own, or a simulated one that is as new as this process. */
async function clusterToJoin(kubeconfig: string | undefined, closers: (() => Promise<void>)[]): Promise<ClusterToRegister> {
  if (kubeconfig !== undefined) return realCluster(await readFile(kubeconfig, 'utf8'));
  const { kubernetes, toRegister } = await startSimulatedCluster();
  closers.push(() => kubernetes.close());
  return toRegister;
}

async function realCluster(credentials: string): Promise<ClusterToRegister> {
  const { readKubeconfig } = await import('@rackwright/kubernetes/kubeconfig.ts');
  const { connectCluster } = await import('@rackwright/kubernetes/connect-cluster.ts');
  const endpoint = readKubeconfig(credentials);
  const cluster = connectCluster(endpoint);
  const { version } = await cluster.health();
  await cluster.close();
  // Simulated nodes in a cluster that somebody uses would be a bad surprise: it is said aloud.
  console.log(`KUBECONFIG is set: the simulated servers join the real cluster ${endpoint.server}`);
  return { apiEndpoint: endpoint.server, ca: endpoint.caData ?? '', credentials, kubernetesVersion: version };
}
