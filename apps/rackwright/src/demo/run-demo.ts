// The virtual rack of `npm start`: simulated servers and a cluster to join, put on file and brought into service before your eyes.
import { readFile } from 'node:fs/promises';
import { bmcCertificate } from '@rackwright/virtual-rack-app/redfish/bmc-certificate.ts';
import { startSimulatedKubernetes } from '@rackwright/virtual-rack-app/kubernetes-api/start-simulated-kubernetes.ts';
import { startVirtualRack } from '@rackwright/virtual-rack-app/virtual-rack.ts';
import { apiClient } from '../client/api-client.ts';
import type { Rackwright } from '../compose.ts';
import type { Config } from '../config.ts';
import { leadToService } from './lead-to-service.ts';
import { registerRack, type ClusterToRegister } from './register-rack.ts';

export type Demo = {
  /** Ends when all servers are in service. */
  ready: Promise<{ inService: number; servers: number; seconds: number }>;
  close(): Promise<void>;
};

const KUBERNETES = 'v1.36.0';

export async function runDemo(config: Config, rackwright: Rackwright, began: number): Promise<Demo> {
  const { api, boot } = rackwright;
  if (!api || !boot) throw new Error('the virtual rack needs the roles api and boot in this process');
  const closers: (() => Promise<void>)[] = [];
  let stopped = false;
  const cluster = await clusterToJoin(config.kubeconfig, closers);
  const rack = await startVirtualRack({
    servers: config.virtualServers,
    boot: { dhcp: { address: config.boot.address, port: boot.dhcpPort }, tftpPort: boot.tftpPort },
  });
  closers.push(() => rack.close());
  const client = apiClient(api.url, config.apiToken);
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

/** The operator's own, or a simulated one that is as new as this process. */
async function clusterToJoin(kubeconfig: string | undefined, closers: (() => Promise<void>)[]): Promise<ClusterToRegister> {
  if (kubeconfig !== undefined) return realCluster(await readFile(kubeconfig, 'utf8'));
  const { key, cert } = await bmcCertificate(['127.0.0.1', 'localhost']);
  const simulated = await startSimulatedKubernetes({ tls: { key, certificate: cert } });
  closers.push(() => simulated.close());
  return {
    apiEndpoint: simulated.url,
    ca: cert,
    credentials: kubeconfigOf(simulated.url, cert, simulated.adminToken),
    kubernetesVersion: KUBERNETES,
  };
}

async function realCluster(credentials: string): Promise<ClusterToRegister> {
  const { readKubeconfig } = await import('@rackwright/kubernetes/kubeconfig.ts');
  const { connectCluster } = await import('@rackwright/kubernetes/connect-cluster.ts');
  const endpoint = readKubeconfig(credentials);
  const cluster = connectCluster(endpoint);
  const { version } = await cluster.health();
  await cluster.close();
  return { apiEndpoint: endpoint.server, ca: endpoint.caData ?? '', credentials, kubernetesVersion: version };
}

function kubeconfigOf(server: string, ca: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'virtual',
    clusters: [{ name: 'virtual', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'rackwright', user: { token } }],
    contexts: [{ name: 'virtual', context: { cluster: 'virtual', user: 'rackwright' } }],
  });
}
