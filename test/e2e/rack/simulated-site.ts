// Rackwright as a process of its own beside a virtual rack that outlives it: what is killed and started again is the product only.
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { apiClient, type ApiClient } from '@rackwright/rackwright-app/client/api-client.ts';
import { registerRack, type RackOnFile } from '@rackwright/rackwright-app/demo/register-rack.ts';
import { standInFolders } from '@rackwright/rackwright-app/demo/stand-in-files.ts';
import { startSimulatedCluster } from '@rackwright/rackwright-app/demo/simulated-cluster.ts';
import type {
  SimulatedKubernetes,
  SimulatedKubernetesOptions,
} from '@rackwright/virtual-rack-app/kubernetes-api/start-simulated-kubernetes.ts';
import { startVirtualRack, type VirtualRack, type VirtualRackSettings } from '@rackwright/virtual-rack-app/virtual-rack.ts';
import { startRackwright, type RackwrightProcess } from '../rackwright-process.ts';

export type SimulatedSite = {
  rack: VirtualRack;
  kubernetes: SimulatedKubernetes;
  onFile: RackOnFile;
  api: ApiClient;
  /** The body of an answer that is no JSON document. */
  text(path: string, accept?: string): Promise<string>;
  /** Rackwright as it runs now; another one after each restart. */
  running(): RackwrightProcess;
  /** The same program on the same data again, after `running().kill()` or `.stop()`. */
  restart(): Promise<void>;
  /** `kill -9` in this very turn, then again. @returns when nothing of it ran any more (RFC 3339) */
  killAndRestart(): Promise<string>;
  folder: string;
  logFile: string;
  close(): Promise<void>;
};

export type SiteOptions = {
  /** Puts what there is on file; all of the rack unless told. */
  register?: typeof registerRack;
  /** Added to Rackwright's environment. */
  env?: Record<string, string>;
  rack?: Omit<VirtualRackSettings, 'servers' | 'boot'>;
  kubernetes?: SimulatedKubernetesOptions;
  /** Called when everything runs and nothing is on file yet. */
  registering?: (site: Pick<SimulatedSite, 'running' | 'rack'>) => Promise<void>;
};

/** Ends when all servers are on file, as `registered`. */
export async function startSimulatedSite(servers: number, options: SiteOptions = {}): Promise<SimulatedSite> {
  const folder = mkdtempSync(join(tmpdir(), 'rackwright-site-'));
  const [http, dhcp, tftp, bootHttp] = await freePorts();
  const { ipxeDir, agentDir } = await standInFolders(folder);
  const token = randomBytes(12).toString('hex');
  const logFile = join(folder, 'rackwright.log');
  const start = (): Promise<RackwrightProcess> =>
    startRackwright({
      httpPort: http,
      logFile,
      env: {
        RACKWRIGHT_DATA: join(folder, 'data'),
        RACKWRIGHT_API_TOKEN: token,
        RACKWRIGHT_VIRTUAL_SERVERS: '0',
        RACKWRIGHT_BMC_PACE: 'virtual',
        RACKWRIGHT_DHCP_PORT: String(dhcp),
        RACKWRIGHT_TFTP_PORT: String(tftp),
        RACKWRIGHT_BOOT_HTTP_PORT: String(bootHttp),
        RACKWRIGHT_IPXE_DIR: ipxeDir,
        RACKWRIGHT_AGENT_DIR: agentDir,
        ...options.env,
      },
    });
  let rackwright = await start();
  const boot = { dhcp: { address: '127.0.0.1', port: dhcp }, tftpPort: tftp };
  const rack = await startVirtualRack({ ...options.rack, servers, boot });
  const { kubernetes, toRegister } = await startSimulatedCluster(options.kubernetes);
  const api = apiClient(rackwright.url, token);
  await options.registering?.({ running: () => rackwright, rack });
  const onFile = await (options.register ?? registerRack)(api, rack.servers, toRegister);
  const restart = async (): Promise<void> => {
    rackwright = await start();
  };
  return {
    rack,
    kubernetes,
    onFile,
    api,
    folder,
    logFile,
    async text(path, accept = '*/*') {
      const answer = await fetch(rackwright.url + path, { headers: { authorization: `Bearer ${token}`, accept } });
      if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
      return answer.text();
    },
    running: () => rackwright,
    restart,
    async killAndRestart() {
      await rackwright.kill();
      const diedAt = new Date().toISOString();
      await restart();
      return diedAt;
    },
    async close() {
      await rackwright.stop();
      await rack.close();
      await kubernetes.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type ServerSeen = { id: string; name: string; state: string; currentOperationId: string | null };

/** Asks again until every server is in that state; answers that fail while Rackwright is away are asked again. */
export async function untilAll(site: SimulatedSite, state: string, limitMs: number): Promise<ServerSeen[]> {
  const end = Date.now() + limitMs;
  for (;;) {
    const page = await site.api.get<{ items: ServerSeen[] }>('/v1/servers?limit=500').catch(() => undefined);
    if (page?.items.every((server) => server.state === state)) return page.items;
    if (Date.now() > end) {
      const others = page?.items.filter((server) => server.state !== state) ?? [];
      const said = await Promise.all(others.map((server) => sayWhere(site, server)));
      throw new Error(`not all ${state} after ${limitMs / 1000} s: ${page ? said.join(', ') : 'no answer'}`);
    }
    await pause(200);
  }
}

async function sayWhere({ api }: SimulatedSite, { name, state, currentOperationId }: ServerSeen): Promise<string> {
  if (currentOperationId === null) return `${name} ${state}`;
  const { waitingFor, steps } = await api.get<{ waitingFor: object | null; steps: object[] }>(
    `/v1/operations/${currentOperationId}`,
  );
  return `${name} ${state} (${JSON.stringify(waitingFor)}; ${JSON.stringify(steps.at(-1))})`;
}

const BEGUN_AT_ONCE = 4;

/** The same operation on every server. */
export async function beginAll(site: SimulatedSite, request: object): Promise<void> {
  const left = site.onFile.servers.map(({ id }) => id);
  const begin = async (): Promise<void> => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) await site.api.post(`/v1/servers/${id}/operations`, request);
  };
  await Promise.all(Array.from({ length: BEGUN_AT_ONCE }, begin));
}

/** TCP and UDP each have ports of their own: those of DHCP and TFTP must be free as UDP ports. */
async function freePorts(): Promise<[http: number, dhcp: number, tftp: number, bootHttp: number]> {
  const tcp = [createServer().listen(0, '127.0.0.1'), createServer().listen(0, '127.0.0.1')];
  const udp = [createSocket('udp4').bind(0, '127.0.0.1'), createSocket('udp4').bind(0, '127.0.0.1')];
  await Promise.all([...tcp, ...udp].map((one) => once(one, 'listening')));
  const [http, bootHttp, dhcp, tftp] = [...tcp, ...udp].map((one) => (one.address() as { port: number }).port);
  await Promise.all([...tcp, ...udp].map((one) => new Promise<void>((closed) => one.close(() => closed()))));
  return [http ?? 0, dhcp ?? 0, tftp ?? 0, bootHttp ?? 0];
}
