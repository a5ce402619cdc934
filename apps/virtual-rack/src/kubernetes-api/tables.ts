// Lists as kubectl shows them: it asks the server for a table (meta.k8s.io/v1 Table) and prints what it gets.
import type { CsrObject, NodeObject, PodObject } from '@rackwright/kubernetes/http/objects.ts';
import type { StoredObject } from './object-store.ts';

type Column = [name: string, cell: (object: StoredObject) => string];

const age: Column = ['Age', (object) => sayAge(Date.now() - Date.parse(object.metadata.creationTimestamp ?? ''))];
const named: Column = ['Name', (object) => object.metadata.name];

const COLUMNS: Record<string, Column[]> = {
  nodes: [
    named,
    ['Status', (node) => sayNode(node)],
    age,
    ['Version', (node) => (node as NodeObject).status?.nodeInfo?.kubeletVersion ?? ''],
  ],
  pods: [named, ['Status', (pod) => sayPod(pod)], age, ['Node', (pod) => (pod as PodObject).spec?.nodeName ?? '<none>']],
  certificatesigningrequests: [
    named,
    age,
    ['SignerName', (csr) => (csr as unknown as CsrObject).spec.signerName],
    ['Requestor', (csr) => (csr as unknown as CsrObject).spec.username ?? ''],
    ['Condition', (csr) => sayCsr(csr as unknown as CsrObject)],
  ],
};

export function wantsTable(accept: string | undefined): boolean {
  return accept?.includes('as=Table') ?? false;
}

/** Without columns of its own a kind is shown by name and age. */
export function tableOf(plural: string, objects: StoredObject[], metadata: object): object {
  const columns = COLUMNS[plural] ?? [named, age];
  const columnDefinitions = columns.map(([name]) => ({
    name,
    type: 'string',
    format: name === 'Name' ? 'name' : '',
    description: name,
    priority: 0,
  }));
  const rows = objects.map((object) => {
    const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
    return { cells: columns.map(([, cell]) => cell(object)), object: partial };
  });
  return { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions, rows };
}

function sayNode({ status, spec }: NodeObject): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  const state = ready === 'True' ? 'Ready' : ready === 'False' ? 'NotReady' : 'Unknown';
  return spec?.unschedulable ? `${state},SchedulingDisabled` : state;
}

function sayPod({ metadata, status }: PodObject): string {
  return metadata.deletionTimestamp === undefined ? (status?.phase ?? 'Pending') : 'Terminating';
}

function sayCsr({ status }: CsrObject): string {
  const said = (status?.conditions ?? []).map(({ type }) => type);
  if (status?.certificate) said.push('Issued');
  return said.length === 0 ? 'Pending' : said.join(',');
}

function sayAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
