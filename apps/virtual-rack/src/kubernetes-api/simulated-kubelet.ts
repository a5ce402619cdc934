// A kubelet without containers: joins with a bootstrap token, keeps its node Ready, and falls silent when its server is off.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterCredentials } from '@rackwright/kubernetes/cluster-api.ts';
import { type Connection, openConnection, type Sockets } from '@rackwright/kubernetes/http/connection.ts';
import { type KubeletKeys, makeKubeletKeys, privateKeyPem } from './certificate-requests.ts';
import {
  type KubeletFacts,
  readCertificate,
  registerNode,
  renewLease,
  reportReady,
  requestCertificate,
  tendPods,
} from './kubelet-requests.ts';

/** What stands on the server's disk. Give it to the next start and it needs no token; an erased disk is an empty object. */
export type KubeletDisk = { clientCertificate?: string; clientKey?: string; servingCertificate?: string };

export type SimulatedKubeletOptions = KubeletFacts & {
  url: string;
  caData?: string;
  /** `id.secret`; used while the disk holds no client certificate. */
  bootstrapToken?: string;
  disk?: KubeletDisk;
  heartbeatMs?: number;
  /** How long it waits before it asks again, for a signature or after an error. */
  retryMs?: number;
  /** A pair to share among many: making one costs more than all else here. */
  keys?: KubeletKeys;
  /** To share among many, for the same reason. Only with http: over TLS each has its own certificate. */
  sockets?: Sockets;
  /** What went wrong; it goes on trying by itself. */
  onTrouble?: (cause: unknown) => void;
};

const REPORT_EVERY_BEATS = 10;

export type SimulatedKubelet = {
  disk: KubeletDisk;
  /** How far it is. */
  stage: () => 'joining' | 'registering' | 'serving' | 'stopped';
  /** The power is cut: nobody is told. */
  stop: () => Promise<void>;
};

export function simulatedKubelet(options: SimulatedKubeletOptions): SimulatedKubelet {
  const { disk = {}, heartbeatMs = 10_000, retryMs = 1_000 } = options;
  const power = new AbortController();
  const { signal } = power;
  let stage: 'joining' | 'registering' | 'serving' = 'joining';
  let connection: Connection | undefined;

  async function connect(credentials: ClusterCredentials): Promise<Connection> {
    await connection?.close();
    const ca = options.caData === undefined ? {} : { caData: options.caData };
    connection = openConnection({ server: options.url, ...ca, credentials }, options.sockets);
    return connection;
  }

  async function join(keys: KubeletKeys): Promise<void> {
    if (disk.clientCertificate !== undefined) return;
    const api = await connect(
      options.bootstrapToken === undefined ? { kind: 'none' } : { kind: 'token', token: options.bootstrapToken },
    );
    const name = await requestCertificate(api, options, keys, 'client');
    for (;;) {
      const certificate = await readCertificate(api, name);
      if (certificate === 'gone') throw new Error(`the request ${name} was deleted`);
      if (certificate !== undefined) {
        disk.clientKey = await privateKeyPem(keys);
        disk.clientCertificate = certificate;
        return;
      }
      await sleep(retryMs, undefined, { signal });
    }
  }

  async function live(keys: KubeletKeys): Promise<void> {
    const api = await connect(nodeCredentials(disk));
    stage = 'registering';
    await registerNode(api, options);
    await renewLease(api, options.nodeName, new Date());
    await reportReady(api, options, new Date());
    stage = 'serving';
    let request = disk.servingCertificate === undefined ? await requestCertificate(api, options, keys, 'serving') : undefined;
    let renewed = Date.now();
    let beats = 0;
    for (;;) {
      await sleep(request === undefined ? heartbeatMs : Math.min(retryMs, heartbeatMs), undefined, { signal });
      await renewLease(api, options.nodeName, new Date());
      await tendPods(api, options.nodeName);
      // Late or not, from time to time it says so again: the cluster may have given it up meanwhile.
      const late = Date.now() - renewed > 1.5 * heartbeatMs;
      renewed = Date.now();
      if (late || ++beats % REPORT_EVERY_BEATS === 0) await reportReady(api, options, new Date());
      if (request === undefined) continue;
      const certificate = await readCertificate(api, request);
      if (certificate === undefined) continue;
      if (certificate !== 'gone') disk.servingCertificate = certificate;
      request = certificate === 'gone' ? await requestCertificate(api, options, keys, 'serving') : undefined;
    }
  }

  async function run(): Promise<void> {
    const keys = options.keys ?? (await makeKubeletKeys());
    while (!signal.aborted) {
      try {
        await join(keys);
        await live(keys);
      } catch (cause) {
        if (signal.aborted) return;
        options.onTrouble?.(cause);
        await sleep(retryMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  const running = run();
  return {
    disk,
    stage: () => (signal.aborted ? 'stopped' : stage),
    async stop() {
      power.abort();
      await connection?.close();
      await running;
    },
  };
}

/** A real certificate is shown in TLS; what the simulated API server issues is taken by it as bearer token. */
function nodeCredentials({ clientCertificate = '', clientKey = '' }: KubeletDisk): ClusterCredentials {
  if (!clientCertificate.startsWith('-----BEGIN ')) return { kind: 'token', token: clientCertificate };
  return { kind: 'client_certificate', certificate: clientCertificate, key: clientKey };
}
