// Certificate requests of kubelets: approves the serving ones the inventory vouches for, takes back those of a server.
import type { ClusterApi, ExpectedNode } from '../cluster-api.ts';
import type { Connection } from '../http/connection.ts';
import { failureFault } from '../http/faults.ts';
import { listAll } from '../http/list-all.ts';
import type { CsrObject } from '../http/objects.ts';
import { shareNext } from '@rackwright/domain/share-next.ts';
import { mayApprove, nodeNameOf, type Verdict } from './may-approve.ts';
import { readRequest } from './read-request.ts';

const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const SERVING = 'kubernetes.io/kubelet-serving';

type CsrMethods = Pick<ClusterApi, 'approveServingCsrs'> & {
  /**
   * Deletes what still waits for a signature in the name of this node: requests of its kubelet, and first ones that
   * ask for the node's name with a bootstrap token.
   */
  deletePendingOf(nodeName: string): Promise<void>;
};

/** Hundreds of servers that join or leave at once want the same two lists. */
export function csrMethods(connection: Connection, now: () => Date): CsrMethods {
  const pendingServing = shareNext(() => pendingCsrs(connection, { fieldSelector: `spec.signerName=${SERVING}` }));
  const pendingNames = shareNext(() => namesByIdentity(connection));
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

    async deletePendingOf(nodeName) {
      for (const name of (await pendingNames()).get(`system:node:${nodeName}`) ?? []) {
        await connection.find({ method: 'DELETE', path: `${CSRS}/${name}`, doing: `delete CSR ${name}` });
      }
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

/** The pending requests' names by who sent them or is named as their subject: `system:node:<name>`. */
async function namesByIdentity(connection: Connection): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>();
  for (const csr of await pendingCsrs(connection, {})) {
    const asksFor = (await readRequest(csr))?.subject.commonNames ?? [];
    for (const identity of new Set([csr.spec.username ?? '', ...asksFor])) {
      const known = names.get(identity);
      if (known) known.push(csr.metadata.name);
      else names.set(identity, [csr.metadata.name]);
    }
  }
  return names;
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
