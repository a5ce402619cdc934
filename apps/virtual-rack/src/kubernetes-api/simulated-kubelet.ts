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
  /** While true it says nothing to anybody, as one that hangs or whose switch is dead. */
  silent?: () => boolean;
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
  const { disk = {}, heartbeatMs = 10_000, retryMs = 1_000, silent = () => false } = options;
  const power = new AbortController();
  const { signal } = power;
  let stage: 'joining' | 'registering' | 'serving' = 'joining';
  let connection: Connection | undefined;

  const life: Life = {
    facts: options,
    disk,
    heartbeatMs,
    retryMs,
    signal,
    silent,
    async connect(credentials) {
      await connection?.close();
      const ca = options.caData === undefined ? {} : { caData: options.caData };
      connection = openConnection({ server: options.url, ...ca, credentials }, options.sockets);
      return connection;
    },
    reached(further) {
      stage = further;
    },
  };

  async function run(): Promise<void> {
    const keys = options.keys ?? (await makeKubeletKeys());
    while (!signal.aborted) {
      try {
        await join(life, keys, options.bootstrapToken);
        await serve(life, keys);
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

/** What the two halves of a kubelet's life share. */
type Life = {
  facts: KubeletFacts;
  disk: KubeletDisk;
  heartbeatMs: number;
  retryMs: number;
  /** Aborted when the power is cut: every wait ends by it. */
  signal: AbortSignal;
  silent: () => boolean;
  /** Closes the connection before it, if any. */
  connect(credentials: ClusterCredentials): Promise<Connection>;
  reached(stage: 'registering' | 'serving'): void;
};

/** Ends when the disk holds a client certificate; at once when it does already. */
async function join({ facts, disk, retryMs, signal, connect }: Life, keys: KubeletKeys, token?: string): Promise<void> {
  if (disk.clientCertificate !== undefined) return;
  const api = await connect(token === undefined ? { kind: 'none' } : { kind: 'token', token });
  const name = await requestCertificate(api, facts, keys, 'client');
  for (;;) {
    const answer = await readCertificate(api, name);
    if (answer === 'gone') throw new Error(`the request ${name} was deleted`);
    if (answer !== 'waiting') {
      disk.clientKey = await privateKeyPem(keys);
      disk.clientCertificate = answer.issued;
      return;
    }
    await sleep(retryMs, undefined, { signal });
  }
}

/** Registers the node and beats until something fails or the power is cut. */
async function serve(
  { facts, disk, heartbeatMs, retryMs, signal, silent, connect, reached }: Life,
  keys: KubeletKeys,
): Promise<never> {
  const api = await connect(nodeCredentials(disk));
  reached('registering');
  await registerNode(api, facts);
  await renewLease(api, facts.nodeName, new Date());
  await reportReady(api, facts, new Date());
  reached('serving');
  let request = disk.servingCertificate === undefined ? await requestCertificate(api, facts, keys, 'serving') : undefined;
  let renewed = Date.now();
  let beats = 0;
  for (;;) {
    await sleep(request === undefined ? heartbeatMs : Math.min(retryMs, heartbeatMs), undefined, { signal });
    if (silent()) continue;
    if (request !== undefined) {
      const answer = await readCertificate(api, request);
      if (answer === 'gone') request = await requestCertificate(api, facts, keys, 'serving');
      else if (answer !== 'waiting') {
        disk.servingCertificate = answer.issued;
        request = undefined;
      }
    }
    // Waiting for a signature it asks more often than it beats.
    if (Date.now() - renewed < 0.9 * heartbeatMs) continue;
    await renewLease(api, facts.nodeName, new Date());
    await tendPods(api, facts.nodeName);
    // Late or not, from time to time it says so again: the cluster may have given it up meanwhile.
    const late = Date.now() - renewed > 1.5 * heartbeatMs;
    renewed = Date.now();
    if (late || ++beats % REPORT_EVERY_BEATS === 0) await reportReady(api, facts, new Date());
  }
}

/** A real certificate is shown in TLS; what the simulated API server issues is taken by it as bearer token. */
function nodeCredentials({ clientCertificate = '', clientKey = '' }: KubeletDisk): ClusterCredentials {
  if (!clientCertificate.startsWith('-----BEGIN ')) return { kind: 'token', token: clientCertificate };
  return { kind: 'client_certificate', certificate: clientCertificate, key: clientKey };
}
