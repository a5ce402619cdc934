// Only proof is certified, and a certificate names the disk as it was counted.
import { expect, test } from 'vitest';
import type { ErasureEvidence } from './erasure.ts';
import { certifyErasure, type ErasureSubject } from './erasure-certificate.ts';

const at = '2026-01-01T00:00:00.000Z';
const evidence: ErasureEvidence = {
  serial: 'SSD-1',
  method: 'nvme_format',
  sizeBytes: 4_000,
  readBack: 'zero',
  checkedBytes: 400,
  startedAt: at,
  finishedAt: at,
};
const subject: ErasureSubject = {
  operation: { id: 'op_1', type: 'retire-server', requestedBy: 'ann', reason: 'end of lease' },
  recordedAt: at,
  server: { id: 'srv_1', name: 'R1-U01', serial: 'SN-1', assetTag: null },
  hardware: {
    system: { manufacturer: 'Acme', product: 'R1', serial: 'SN-1', uuid: 'u', assetTag: '', biosVersion: '1' },
    disks: [{ name: 'nvme0n1', serial: 'SSD-1', wwn: 'eui.1', model: 'M', sizeBytes: 4_096, rotational: false, kind: 'nvme' }],
  },
};

test('the certificate of an erased disk', () => {
  expect(certifyErasure(evidence, subject)).toEqual({
    version: 1,
    disk: { serial: 'SSD-1', wwn: 'eui.1', model: 'M', kind: 'nvme', sizeBytes: 4_096 },
    erasure: { method: 'nvme_format', startedAt: at, finishedAt: at, sizeBytes: 4_000, readBack: 'zero', checkedBytes: 400 },
    operation: subject.operation,
    server: { ...subject.server, manufacturer: 'Acme', product: 'R1' },
    recordedAt: at,
  });
});

test.each([
  ['something left on it', { readBack: 'not_zero' }],
  ['noise', { readBack: 'random' }],
  ['a disk that could not be read', { readBack: 'unreadable' }],
  ['nothing read again', { checkedBytes: 0 }],
] as const)('no certificate for %s', (_, change) => {
  expect(certifyErasure({ ...evidence, ...change }, subject)).toBeUndefined();
});

test('a disk that nobody counted is named by what the agent said', () => {
  const { disk, server } = certifyErasure(evidence, { ...subject, hardware: null }) ?? {};
  expect(disk).toEqual({ serial: 'SSD-1', wwn: '', model: '', kind: '', sizeBytes: 4_000 });
  expect(server).toMatchObject({ manufacturer: '', product: '' });
});

test('a disk that a named person destroyed is certified as that, and as no erasure', () => {
  const removal = {
    serial: 'SSD-1',
    method: 'destroyed',
    person: 'Chen Mei',
    witness: 'Lin Hao',
    evidence: 'shredded',
    at,
  } as const;
  const certificate = certifyErasure(removal, subject);
  expect(certificate).toMatchObject({
    disk: { serial: 'SSD-1', wwn: 'eui.1', sizeBytes: 4_096 },
    removal: { method: 'destroyed', person: 'Chen Mei', witness: 'Lin Hao', evidence: 'shredded', at },
  });
  expect(certificate).not.toHaveProperty('erasure');
  expect(certifyErasure({ ...removal, person: ' ' }, subject)).toBeUndefined();
});
