// A simulated Kubernetes API server: enough of it, over real HTTP, for a thousand simulated nodes to join, serve and leave.
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { answerRequest } from './answer-request.ts';
import { signCertificates } from './certificates.ts';
import type { Dialect } from './discovery.ts';
import { createIdentities } from './identities.ts';
import { createObjectStore, type StoredObject, type StoreEvent } from './object-store.ts';
import { sweep } from './sweep.ts';
import { writeVerbs } from './write-verbs.ts';

export type SimulatedKubernetes = {
  url: string;
  /** Bearer token of a member of system:masters. */
  adminToken: string;
  /** Objects as they are now: `objects('/nodes')`, `objects('/pods')`, `objects('certificates.k8s.io/certificatesigningrequests')`. */
  objects: (collection: string) => StoredObject[];
  /** From now on /readyz says this. */
  setReady: (ready: boolean) => void;
  /** While away it takes no request and keeps no connection. */
  setAway: (away: boolean) => void;
  /** How many requests, watches too, met that so far: were cut off or not taken. */
  turnedAway: () => number;
  /** Hears of every change in a collection; objects of `DELETED` are as they last were. @returns how to stop */
  onChange: (collection: string, hear: (event: StoreEvent) => void) => () => void;
  /** Cuts every connection, watches as well; clients come back. */
  cutConnections: () => void;
  close: () => Promise<void>;
};

export type SimulatedKubernetesOptions = {
  host?: string;
  /** 0: any free one. */
  port?: number;
  adminToken?: string;
  /** A node is Unknown when its lease was not renewed for this long; 40 s as in Kubernetes. */
  nodeGraceMs?: number;
  /** How often silent nodes, expired tokens and orphans are looked for. */
  sweepEveryMs?: number;
  dialect?: Partial<Dialect>;
  now?: () => Date;
  /** PEM. Without it plain HTTP is spoken: enough for us, but kubectl sends no token over that. */
  tls?: { certificate: string; key: string };
};

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

export async function startSimulatedKubernetes(options: SimulatedKubernetesOptions = {}): Promise<SimulatedKubernetes> {
  const { now = () => new Date(), host = '127.0.0.1', nodeGraceMs = 40_000 } = options;
  const adminToken = options.adminToken ?? randomBytes(16).toString('hex');
  const dialect: Dialect = { gitVersion: 'v1.36.0+simulated', eviction: 'policy/v1', ...options.dialect };
  const store = createObjectStore();
  const identities = createIdentities(store, adminToken, now);
  const writes = writeVerbs(store, now);
  let ready = true;
  let away = false;

  for (const name of NAMESPACES) {
    const metadata = { name, uid: randomUUID(), resourceVersion: '', creationTimestamp: now().toISOString() };
    store.put('/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata });
  }
  const stopSigning = signCertificates(store, identities, now);
  const sweeping = setInterval(() => sweep({ store, now, nodeGraceMs }), options.sweepEveryMs ?? 1_000);
  sweeping.unref();

  const parts = { store, identities, writes, dialect, isReady: () => ready };
  let atWork = 0;
  let turnedAway = 0;
  const listener: RequestListener = (request, response) => {
    if (away) {
      turnedAway += 1;
      return void request.socket.destroy();
    }
    atWork += 1;
    response.once('close', () => (atWork -= 1));
    void answerRequest(parts, request, response);
  };
  const { tls } = options;
  const server = tls ? createHttpsServer({ cert: tls.certificate, key: tls.key }, listener) : createHttpServer(listener);
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    adminToken,
    objects: (collection) => store.list(collection),
    setReady: (value) => (ready = value),
    setAway(value) {
      away = value;
      if (!away) return;
      turnedAway += atWork;
      server.closeAllConnections();
    },
    turnedAway: () => turnedAway,
    onChange: (collection, hear) => store.subscribe(collection, hear),
    cutConnections: () => server.closeAllConnections(),
    async close() {
      clearInterval(sweeping);
      stopSigning();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
