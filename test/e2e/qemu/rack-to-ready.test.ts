// The real thing: firmware, packets, agent, disk image, kubelet and API server, from rack to Ready node and back. See scripts/e2e-qemu.ts.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { minutes } from '@rackwright/domain/durations.ts';
import { needOrSkip, needThatOrSkip } from '@rackwright/testkit/tools.ts';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const WHAT = 'a QEMU server from rack to Ready node and back';
const CACHE = process.env['RACKWRIGHT_CACHE'] ?? join(process.env['HOME'] ?? '/root', '.cache/rackwright');

test(WHAT, { timeout: minutes(40) }, async (ctx) => {
  needOrSkip(ctx, WHAT, 'qemu-system-x86_64', 'ovmf', 'ip', 'etcd');
  needThatOrSkip(ctx, WHAT, process.getuid?.() === 0, 'root, for network namespaces');
  const prepared = existsSync(join(CACHE, 'kubernetes-1.20.2/kubelet'));
  needThatOrSkip(ctx, WHAT, prepared, 'Kubernetes programs, ramdisk and node image: bash scripts/prepare-e2e.sh');

  const child = spawn(process.execPath, [join(ROOT, 'scripts/e2e-qemu.ts')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      process.stdout.write(chunk);
    });
  }
  const code = await new Promise<number | null>((done) => child.once('exit', (status) => done(status)));
  expect(code, output.slice(-2_000)).toBe(0);
  for (const proof of [
    'node is Ready with our labels',
    'the pod was evicted',
    'the Node object is gone',
    'power is off',
    'the disk reads as erased',
  ]) {
    expect(output).toContain(`ok: ${proof}`);
  }
});
