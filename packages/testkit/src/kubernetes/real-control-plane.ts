// Starts a real Kubernetes control plane for tests: etcd, kube-apiserver, and kube-controller-manager where there is one.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { makeTestPki, type TestPki } from './cluster-pki.ts';
import { apiServerArguments, controllerManagerArguments, etcdArguments, type Place } from './control-plane-arguments.ts';
import { findKubernetesProgram, HOW_TO_GET_KUBERNETES, type KubernetesProgram } from './find-program.ts';
import { freePorts } from './free-ports.ts';
import { inNetns, type RunningProgram, startProgram } from './program.ts';

export type RealControlPlane = {
  url: string;
  caPem: string;
  /** Bearer token of a member of system:masters. */
  adminToken: string;
  /** For kubectl; also in `<dir>/admin.kubeconfig`. */
  kubeconfig: string;
  /** False with envtest's programs: then nothing signs certificates, sweeps tokens or counts disruption budgets. */
  hasControllers: boolean;
  close: () => Promise<void>;
};

export type ControlPlaneOptions = {
  /** An empty folder of the caller's: keys, etcd's database and logs go there. */
  dir: string;
  /** Where the API server listens and what its certificate names; default 127.0.0.1. */
  address?: string;
  /** Default: one that is free on this machine. */
  port?: number;
  /** Where the programs are, before all other places. */
  kubernetesDir?: string;
  /** Everything runs in this network namespace; the address must be there, etcd uses its loopback. */
  netns?: string;
  /** A silent node is Unknown after this; Kubernetes' own default is 40 s. */
  nodeGraceSeconds?: number;
};

const READY_WITHIN_MS = 90_000;

/** Ends when the API server says it is ready. Throws Error with the last lines of the program that failed. */
export async function startRealControlPlane(options: ControlPlaneOptions): Promise<RealControlPlane> {
  const { dir, address = '127.0.0.1', netns } = options;
  const program = (name: KubernetesProgram) => findKubernetesProgram(name, options.kubernetesDir);
  const [etcd, apiServer, kubectl] = [program('etcd'), program('kube-apiserver'), program('kubectl')];
  if (!etcd || !apiServer || !kubectl) throw new Error(`needs ${HOW_TO_GET_KUBERNETES}`);
  const controllerManager = program('kube-controller-manager');

  const [port = 0, etcdPort = 0, etcdPeerPort = 0] = await freePorts(3);
  const place: Place = { dir, address, port: options.port ?? port, etcdPort, etcdPeerPort };
  const url = `https://${address}:${place.port}`;
  const adminToken = randomBytes(16).toString('hex');
  const pki = await makeTestPki([address]);
  const kubeconfig = writeKubeconfig(url, pki.caPem, adminToken);
  await writeFiles(dir, pki, adminToken, kubeconfig);

  const running: RunningProgram[] = [];
  const close = async () => {
    for (const started of running.toReversed()) await started.stop();
  };
  const start = (name: string, path: string, args: string[]) => running.push(startProgram({ dir, netns }, name, path, args));
  const ask = inNetns(netns, [kubectl, `--kubeconfig=${join(dir, 'admin.kubeconfig')}`, '--request-timeout=5s']);
  try {
    start('etcd', etcd, etcdArguments(place));
    start('kube-apiserver', apiServer, apiServerArguments(place));
    await untilAnswered([...ask, 'get', '--raw=/readyz'], running);
    if (controllerManager) {
      const open = (await knowsFlag(controllerManager, '--port ')) ? ['--port=0'] : [];
      start('kube-controller-manager', controllerManager, [
        ...controllerManagerArguments(place, options.nodeGraceSeconds ?? 40),
        ...open,
      ]);
      // The service account controller writes this; then the others are at work as well.
      await untilAnswered([...ask, 'get', 'serviceaccount', 'default', '--namespace=default'], running);
    }
  } catch (cause) {
    await close();
    throw cause;
  }
  return { url, caPem: pki.caPem, adminToken, kubeconfig, hasControllers: controllerManager !== undefined, close };
}

async function writeFiles(dir: string, pki: TestPki, adminToken: string, kubeconfig: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const files: [name: string, text: string][] = [
    ['ca.crt', pki.caPem],
    ['ca.key', pki.caKeyPem],
    ['server.crt', pki.serverPem],
    ['server.key', pki.serverKeyPem],
    ['sa.key', pki.serviceAccountKeyPem],
    ['sa.pub', pki.serviceAccountPublicPem],
    ['tokens.csv', `${adminToken},admin,admin,system:masters\n`],
    ['admin.kubeconfig', kubeconfig],
  ];
  for (const [name, text] of files) await writeFile(join(dir, name), text, { mode: 0o600 });
}

function writeKubeconfig(url: string, caPem: string, token: string): string {
  return `apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: '${url}', certificate-authority-data: ${Buffer.from(caPem).toString('base64')}}}]
users: [{name: admin, user: {token: ${token}}}]
contexts: [{name: test, context: {cluster: test, user: admin}}]
`;
}

async function untilAnswered(command: string[], running: RunningProgram[]): Promise<void> {
  const [program = '', ...args] = command;
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const dead = running.map((one) => one.ended()).find((why) => why !== undefined);
    if (dead !== undefined) throw new Error(dead);
    try {
      await promisify(execFile)(program, args, { timeout: 10_000 });
      return;
    } catch (cause) {
      if (Date.now() > deadline) throw new Error(`no answer within ${READY_WITHIN_MS / 1000} s`, { cause });
    }
    await sleep(300); // between two questions, not instead of one
  }
}

/** Before 1.24 the controller manager opens an unprotected port on all addresses unless told not to; later it knows no such flag. */
async function knowsFlag(program: string, flag: string): Promise<boolean> {
  const { stdout, stderr } = await promisify(execFile)(program, ['--help'], { maxBuffer: 4 * 1024 * 1024 });
  return `${stdout}${stderr}`.includes(` ${flag}`);
}
