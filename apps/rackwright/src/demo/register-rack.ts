// Puts the virtual rack on file through the REST API, as an operator's tool would; what is there from an earlier start is kept.
import { ApiProblem, type ApiClient } from '../client/api-client.ts';
import { standInImage, standInKubelet } from './stand-in-files.ts';

export type ServerOnFile = { id: string; name: string; state: string };
export type RackOnFile = { servers: ServerOnFile[]; imageDigest: string; clusterId: string };

/** A server as the virtual rack describes it. */
export type ServerToRegister = {
  name: string;
  serial: string;
  assetTag: string;
  rack: string;
  u: number;
  macs: string[];
  firmwareMode: string;
  bmc: object;
  credentials: { username: string; password: string };
};

export type ClusterToRegister = { apiEndpoint: string; ca: string; credentials: string; kubernetesVersion: string };

/** Enough for forty servers of which nothing is known, and most of them starting. */
const FEED_AMPS = 160;

type Listed = { items: { id: string; name: string; state?: string }[] };

export async function registerRack(
  api: ApiClient,
  servers: readonly ServerToRegister[],
  cluster: ClusterToRegister,
): Promise<RackOnFile> {
  const ensure = (kind: string, body: { name: string }) => ensureNamed(api, kind, body);
  const siteId = await ensure('sites', { name: 'virtual' });
  const racks = new Map<string, string>();
  for (const name of new Set(servers.map(({ rack }) => rack))) {
    racks.set(
      name,
      await ensure('racks', Object.assign({ name }, { siteId, powerFeeds: { a: { amps: FEED_AMPS }, b: { amps: FEED_AMPS } } })),
    );
  }
  const networkId = await ensure('networks', Object.assign({ name: 'virtual' }, { siteId, cidr: '127.77.0.0/16' }));
  const image = await api.put<{ digest: string }>(
    '/v1/images/stand-in?os=simulated&rootPartition=3&seedPartition=2',
    standInImage(),
  );
  await api.put(`/v1/artifacts/kubelet/${cluster.kubernetesVersion}`, standInKubelet());
  const clusterId = await ensureCluster(api, cluster);
  const onFile: ServerOnFile[] = [];
  for (const server of servers)
    onFile.push(await ensureServer(api, server, { siteId, rackId: racks.get(server.rack) ?? '', networkId }));
  return { servers: onFile, imageDigest: image.digest, clusterId };
}

async function ensureNamed(api: ApiClient, kind: string, body: { name: string }): Promise<string> {
  const known = await find(api, kind, body.name);
  return known?.id ?? (await api.post<{ id: string }>(`/v1/${kind}`, body)).id;
}

/** The simulated API server has a new certificate and token at each start. */
async function ensureCluster(api: ApiClient, cluster: ClusterToRegister): Promise<string> {
  const known = await find(api, 'clusters', 'virtual');
  if (!known) return (await api.post<{ id: string }>('/v1/clusters', { name: 'virtual', ...cluster })).id;
  await api.patch(`/v1/clusters/${known.id}`, cluster);
  return known.id;
}

type Place = { siteId: string; rackId: string; networkId: string };

/** BMC ports may be new as well. What an operation relies on cannot be changed under it: it ends first, and is left alone here. */
async function ensureServer(api: ApiClient, server: ServerToRegister, place: Place): Promise<ServerOnFile> {
  const bmc = { ...server.bmc, credentials: server.credentials };
  const known = await find(api, 'servers', server.name);
  if (known) {
    return api.patch<ServerOnFile>(`/v1/servers/${known.id}`, { bmc }).catch((thrown: unknown) => {
      if (thrown instanceof ApiProblem && thrown.code === 'operation_in_progress') return api.get(`/v1/servers/${known.id}`);
      throw thrown;
    });
  }
  const { name, serial, assetTag, u, macs, firmwareMode } = server;
  const nics = Object.fromEntries(macs.map((mac, n) => [mac, { name: `nic${n + 1}`, boot: n === 0 }]));
  return api.post<ServerOnFile>('/v1/servers', { name, serial, assetTag, ...place, uPosition: u, firmwareMode, nics, bmc });
}

async function find(api: ApiClient, kind: string, name: string): Promise<Listed['items'][number] | undefined> {
  try {
    return await api.get<Listed['items'][number]>(`/v1/${kind}/name:${name}`);
  } catch (thrown) {
    if (thrown instanceof ApiProblem && thrown.status === 404) return undefined;
    throw thrown;
  }
}
