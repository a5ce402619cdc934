// The page that an auditor prints: everything on it, and nothing of what an agent wrote becomes markup.
import type { ErasureCertificate } from '@rackwright/domain/erasure-certificate.ts';
import { expect, test } from 'vitest';
import { erasureCertificatePage } from './erasure-certificate-page.ts';

const certificate: ErasureCertificate = {
  version: 1,
  disk: { serial: 'S5<script>"', wwn: '', model: "O'Disk & Co", kind: 'nvme', sizeBytes: 3_840_755_982_336 },
  erasure: {
    method: 'nvme_format',
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:01:00Z',
    sizeBytes: 3_840_755_982_336,
    readBack: 'zero',
    checkedBytes: 1_048_576,
  },
  operation: { id: 'op_1', type: 'retire-server', requestedBy: 'ann', reason: 'end of lease' },
  server: { id: 'srv_1', name: 'R1-U01', serial: 'SN-1', assetTag: null, manufacturer: 'Acme', product: 'R1' },
  recordedAt: '2026-01-01T00:02:00.000Z',
};
const page = erasureCertificatePage({ certificate, digest: `sha256-${'a'.repeat(64)}` });

test('method, times, size, read-back, operation, operator and server are on it', () => {
  for (const said of [
    'NVMe Format with secure erase, by the drive itself (nvme_format)',
    '2026-01-01T00:00:00Z',
    '2026-01-01T00:01:00Z',
    '3840.8 GB (3 840 755 982 336 bytes)',
    '1 048 576 bytes, all of them zero',
    'retire-server op_1',
    'ann',
    'Acme R1',
    `sha256-${'a'.repeat(64)}`,
  ])
    expect(page).toContain(said);
});

test('what is not known has no line', () => {
  expect(page).not.toContain('Asset tag');
  expect(page).not.toContain('World wide name');
});

test('nothing that an agent or a person wrote becomes markup', () => {
  expect(page).not.toContain('<script');
  expect(page).toContain('S5&lt;script&gt;&quot;');
  expect(page).toContain('O&#39;Disk &amp; Co');
});
