// `npm start` with KUBECONFIG: the simulated servers join a real API server, which signs, counts and shows them as any other node.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findKubernetesProgram,
  hasRealControlPlane,
  HOW_TO_GET_KUBERNETES,
} from '@rackwright/testkit/kubernetes/find-program.ts';
import { startRealControlPlane } from '@rackwright/testkit/kubernetes/real-control-plane.ts';
import { needThatOrSkip } from '@rackwright/testkit/tools.ts';
import { expect, test } from 'vitest';

const MAIN = join(import.meta.dirname, '../../../apps/rackwright/src/main.ts');

test('the virtual rack joins the cluster of KUBECONFIG', async (ctx) => {
  needThatOrSkip(ctx, 'the virtual rack in a real cluster', hasRealControlPlane(), HOW_TO_GET_KUBERNETES);
  const folder = mkdtempSync(join(tmpdir(), 'rackwright-real-'));
  const controlPlane = await startRealControlPlane({ dir: join(folder, 'control-plane') });
  try {
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, controlPlane.kubeconfig);
    const env = { ...process.env, KUBECONFIG: kubeconfig, RACKWRIGHT_DATA: join(folder, 'data'), RACKWRIGHT_HTTP_PORT: '18190' };
    const child = spawn(process.execPath, [MAIN, '--exit-when-ready'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    expect(await new Promise((done) => child.once('exit', done)), output).toBe(0);

    const kubectl = findKubernetesProgram('kubectl') ?? 'kubectl';
    const json = execFileSync(kubectl, [`--kubeconfig=${kubeconfig}`, 'get', 'nodes', '-o', 'json'], { encoding: 'utf8' });
    const nodes = (JSON.parse(json) as { items: { metadata: { labels: Record<string, string> } }[] }).items;
    expect(nodes).toHaveLength(8);
    for (const node of nodes)
      expect(node.metadata.labels).toMatchObject({ 'rackwright.dev/rack': 'r01', 'rackwright.dev/power-feed': 'a.b' });
  } finally {
    await controlPlane.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
