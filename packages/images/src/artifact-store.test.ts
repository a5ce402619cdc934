// Artifacts: what a node will run as root is what somebody put there, whole.
import { hash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { artifactStore } from './artifact-store.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'artifacts-'));
});
afterEach(() => rmSync(dir, { recursive: true }));
const content = (...pieces: string[]) => Readable.from(pieces.map((piece) => Buffer.from(piece)));

test('what was put is found by name, with its size and checksum', async () => {
  const store = artifactStore(dir);
  const put = await store.put('kubernetes/v1.20.2/kubelet', content('ku', 'belet'));
  expect(put).toMatchObject({ name: 'kubernetes/v1.20.2/kubelet', sizeBytes: 7, sha256: hash('sha256', 'kubelet') });
  expect(await store.stat('kubernetes/v1.20.2/kubelet')).toEqual(put);
  expect(await text(await store.stream('kubernetes/v1.20.2/kubelet'))).toBe('kubelet');
});

test('putting again replaces; the list is in order', async () => {
  const store = artifactStore(dir);
  await store.put('kubeadm', content('one'));
  await store.put('kubeadm', content('two'));
  await store.put('a/b', content('x'));
  expect((await store.list()).map(({ name }) => name)).toEqual(['a/b', 'kubeadm']);
  expect(await text(await store.stream('kubeadm'))).toBe('two');
});

test('other bytes than expected are not stored, and what was there stays', async () => {
  const store = artifactStore(dir);
  await store.put('kubelet', content('good'));
  await expect(store.put('kubelet', content('bad'), hash('sha256', 'good'))).rejects.toMatchObject({ code: 'checksum_mismatch' });
  expect(await text(await store.stream('kubelet'))).toBe('good');
  expect(readdirSync(dir)).toEqual(['kubelet.artifact']);
});

test('a stream that breaks stores nothing', async () => {
  const store = artifactStore(dir);
  const broken = new Readable({
    read() {
      this.destroy(new Error('connection lost'));
    },
  });
  await expect(store.put('kubelet', broken)).rejects.toThrow('connection lost');
  expect(await store.list()).toEqual([]);
  expect(readdirSync(dir)).toEqual([]);
});

test.each(['../etc/passwd', '/etc/passwd', '.hidden', 'a//b', 'a/../b', 'a/b/c/d/e', '', 'a\n', 'kubelet.artifact/content'])(
  '%j is no name',
  async (name) => {
    await expect(artifactStore(dir).stat(name)).rejects.toMatchObject({ code: 'artifact_unknown' });
  },
);

test('an unknown artifact is refused, and deleting it is fine', async () => {
  const store = artifactStore(dir);
  await expect(store.stream('nothing')).rejects.toMatchObject({ code: 'artifact_unknown' });
  await store.delete('nothing');
});
