// Certificate requests of kubelets: approves the serving ones the inventory vouches for, takes back those of a server.
import type { ClusterApi, ExpectedNode } from '../cluster-api.ts';
import type { Connection } from '../http/connection.ts';
import { failureFault } from '../http/faults.ts';
import { listAll } from '../http/list-all.ts';
import type { CsrObject } from '../http/objects.ts';
import { mayApprove, nodeNameOf, type Verdict } from './may-approve.ts';
import { readRequest } from './read-request.ts';

const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const SERVING = 'kubernetes.io/kubelet-serving';

export function csrMethods(connection: Connection, now: () => Date): Pick<ClusterApi, 'approveServingCsrs'> {
  const pendingServing = oneAtATime(() => pendingCsrs(connection, { fieldSelector: `spec.signerName=${SERVING}` }));
  return {
    async approveServingCsrs(expected) {
      const verdicts: Awaited<ReturnType<ClusterApi['approveServingCsrs']>> = { approved: [], refused: [] };
      for (const csr of await pendingServing()) {
        const { name } = csr.metadata;
        const verdict = await judge(csr, expected);
        if (!verdict.approve) verdicts.refused.push({ name, username: csr.spec.username ?? '', reason: verdict.reason });
        else if (await approve(connection, csr, now())) verdicts.approved.push(name);
      }
      return verdicts;
    },
  };
}

async function judge(csr: CsrObject, expected: ExpectedNode[]): Promise<Verdict> {
  // Taking a request apart costs a millisecond or two; most belong to nodes that somebody else is waiting for.
  const asking = nodeNameOf(csr.spec.username ?? '');
  if (!expected.some(({ nodeName }) => nodeName === asking)) {
    return { approve: false, reason: `${csr.spec.username ?? 'nobody'} is no expected node` };
  }
  const request = await readRequest(csr);
  return request ? mayApprove(request, expected) : { approve: false, reason: 'its PKCS#10 cannot be read' };
}

/**
 * Deletes what still waits for a signature in the name of this node: requests of its kubelet, and first ones that
 * ask for the node's name with a bootstrap token.
 */
export async function deletePendingCsrsOf(connection: Connection, nodeName: string): Promise<void> {
  const identity = `system:node:${nodeName}`;
  for (const csr of await pendingCsrs(connection, {})) {
    const subject = csr.spec.username === identity ? [identity] : (await readRequest(csr))?.subject.commonNames;
    if (!subject?.includes(identity)) continue;
    const path = `${CSRS}/${csr.metadata.name}`;
    await connection.find({ method: 'DELETE', path, doing: `delete CSR ${csr.metadata.name}` });
  }
}

async function pendingCsrs(connection: Connection, selector: Record<string, string>): Promise<CsrObject[]> {
  const doing = 'list certificate requests';
  const { items } = await listAll<CsrObject, CsrObject | undefined>(connection, CSRS, selector, doing, (csr) =>
    // The field selector is honoured from 1.18 on; a filter of ours costs nothing.
    isPending(csr) && (!selector.fieldSelector || csr.spec.signerName === SERVING) ? csr : undefined,
  );
  return items.filter((csr) => csr !== undefined);
}

function isPending(csr: CsrObject): boolean {
  const decided = csr.status?.conditions?.some(({ type }) => type === 'Approved' || type === 'Denied');
  return !decided && !csr.status?.certificate;
}

/** False: somebody changed or deleted it meanwhile; if it still waits, the next call sees it. */
async function approve(connection: Connection, csr: CsrObject, at: Date): Promise<boolean> {
  const path = `${CSRS}/${csr.metadata.name}/approval`;
  const doing = `approve CSR ${csr.metadata.name}`;
  const condition = {
    type: 'Approved',
    status: 'True',
    reason: 'RackwrightInventory',
    message: 'names and addresses are those of the server in the inventory',
    lastUpdateTime: at.toISOString(),
  };
  const conditions = [...(csr.status?.conditions ?? []), condition];
  // Items of a list carry neither kind nor apiVersion.
  const kind = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest' };
  const body = { ...kind, ...csr, status: { ...csr.status, conditions } };
  const answer = await connection.ask({ method: 'PUT', path, body, doing });
  if (answer.ok) return true;
  if (answer.failure.status === 404 || answer.failure.status === 409) return false;
  throw failureFault(answer.failure, doing);
}

/** Hundreds of servers that join at once want the same list: whoever asks while one is fetched shares the next one, which begins later. */
function oneAtATime<T>(fetch: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | undefined;
  let next: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    next = undefined;
    const mine = fetch();
    const over = mine.then(
      () => undefined,
      () => undefined,
    );
    running = over;
    void over.then(() => {
      if (running === over) running = undefined;
    });
    return mine;
  };
  return () => (running ? (next ??= running.then(begin)) : begin());
}
