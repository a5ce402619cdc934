// The agent's real erase script over plain files: which method follows which, what a drive that lies is called, what the evidence says.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { agentErasure } from '@rackwright/api-contract/agent-contract.ts';
import { erasureCertificatePage } from '@rackwright/documents/erasure-certificate/erasure-certificate-page.ts';
import { certifyErasure, type ErasureSubject } from '@rackwright/domain/erasure-certificate.ts';
import { readErasureEvidence } from '@rackwright/workflows/erase-disks/read-erasure-evidence.ts';
import { needOrSkip } from '@rackwright/testkit/tools.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const MIB = 1024 * 1024;
/** An odd end of three sectors, as disks have. */
const SMALL = 2 * MIB + 3 * 512;
/** Above what is read whole: both ends and sixteen samples, one in each five megabytes. */
const LARGE = 80 * MIB + 3 * 512;
const OLD = 0xaa;

type Does = 'ok' | 'lies' | 'fails';
type Drive = {
  name?: string;
  serial?: string;
  content?: Buffer;
  /** What the kernel says of its size. */
  bytes?: number;
};
type World = Partial<
  Record<'HDPARM' | 'NVME_SANITIZE' | 'NVME_FORMAT' | 'BLKDISCARD_DOES' | 'DD', Does> & { SECURITY: string; WITHDRAWN_AT: string }
>;

const security = (...words: string[]): string =>
  `Security: \\n\\tMaster password revision code = 65534\\n\\t\\tsupported\\n${words.map((word) => `\\t${word}\\n`).join('')}`;
const READY = security('not\\tenabled', 'not\\tlocked', 'not\\tfrozen', 'not\\texpired: security count');
const FROZEN = security('not\\tenabled', 'not\\tlocked', '\\tfrozen', 'not\\texpired: security count');
const LOCKED = security('\\tenabled', '\\tlocked', 'not\\tfrozen', 'not\\texpired: security count');

let work: string;
beforeEach((ctx) => {
  needOrSkip(ctx, 'the erase script of the install agent', 'busybox');
  work = mkdtempSync(join(tmpdir(), 'rackwright-erase-'));
  for (const folder of ['run', 'dev', 'bin']) mkdirSync(join(work, folder));
  copyFileSync(join(import.meta.dirname, 'erase-disks-drive.sh'), join(work, 'bin/drive'));
  chmodSync(join(work, 'bin/drive'), 0o755);
  for (const name of ['hdparm', 'nvme-sanitize', 'nvme-format', 'blkdiscard', 'dd'])
    symlinkSync('drive', join(work, 'bin', name));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const filled = (bytes: number): Buffer => Buffer.alloc(bytes, OLD);

function erase(drives: Drive[], world: World) {
  const disks = drives.map(({ name = 'sda', serial = 'RW-1', content = filled(SMALL), bytes = content.length }) => {
    writeFileSync(join(work, 'dev', name), content);
    return { name, line: `${name} ${serial} ${bytes}` };
  });
  const env = {
    PATH: process.env['PATH'],
    AGENT: resolve(import.meta.dirname, '../../packages/install-agent/agent'),
    WORK: work,
    DISKS: disks.map(({ line }) => line).join('\n'),
    ...{ HDPARM: 'ok', NVME_SANITIZE: 'fails', NVME_FORMAT: 'ok', BLKDISCARD_DOES: 'ok', DD: 'ok', SECURITY: READY },
    ...world,
  };
  const ran = spawnSync('busybox', ['sh', join(import.meta.dirname, 'erase-disks.sh')], { env, encoding: 'utf8' });
  const contentOf = (name: string): Buffer => readFileSync(join(work, 'dev', name));
  const told = (file: string): string => readFileSync(join(work, file), 'utf8');
  expect(ran.stderr).toBe('');
  return {
    /** Throws where none was sent. */
    result: () => JSON.parse(told('result')) as { outcome: string; code: string; evidence: { disks: unknown[] } },
    said: () => told('said').trimEnd().split('\n'),
    contentOf,
    isZero: (name = 'sda') => contentOf(name).every((byte) => byte === 0),
    told,
  };
}

/** As the boot app and the workflow read it. */
function evidenceOf({ result }: ReturnType<typeof erase>) {
  const { disks } = result().evidence;
  for (const disk of disks) agentErasure.parse(disk);
  return readErasureEvidence({ disks }).map(({ serial, method, readBack, checkedBytes }) => ({
    serial,
    method,
    readBack,
    checkedBytes,
  }));
}
/** What an auditor is given of each disk; empty: there is no certificate. */
function pagesOf({ result }: ReturnType<typeof erase>): string[] {
  const at = '2026-01-01T00:00:00.000Z';
  const subject: ErasureSubject = {
    operation: { id: 'op_1', type: 'retire-server', requestedBy: 'ann', reason: '' },
    server: { id: 'srv_1', name: 'R1-U01', serial: null, assetTag: null },
    hardware: null,
    recordedAt: at,
  };
  return readErasureEvidence(result().evidence).map((proof) => {
    const certificate = certifyErasure(proof, subject);
    return certificate ? erasureCertificatePage({ certificate, digest: '' }) : '';
  });
}
const proof = (method: string, readBack = 'zero', checkedBytes = SMALL) => [{ serial: 'RW-1', method, readBack, checkedBytes }];
const SECURITY_ERASE = [
  'hdparm -I sda',
  'hdparm --user-master u --security-set-pass rackwright sda',
  'hdparm --user-master u --security-erase rackwright sda',
];
const SECURITY_DISABLE = 'hdparm --user-master u --security-disable rackwright sda';

describe('ATA secure erase', () => {
  test('does it: nothing else is tried, and every byte was read', () => {
    const erased = erase([{}], {});
    expect(erased.result().outcome).toBe('done');
    expect(evidenceOf(erased)).toEqual(proof('ata_secure_erase'));
    expect(pagesOf(erased)).toEqual([expect.stringContaining('ATA Secure Erase, by the drive itself (ata_secure_erase)')]);
    expect(erased.said()).toEqual(SECURITY_ERASE);
    expect(erased.isZero()).toBe(true);
  });

  test.each([
    ['frozen', FROZEN],
    ['locked', LOCKED],
    ['without the security feature', 'Commands/features:\\n\\t   *\\tSMART feature set\\n'],
  ])('%s: no password is set, the next method', (_, words) => {
    const erased = erase([{}], { SECURITY: words });
    expect(evidenceOf(erased)).toEqual(proof('blkdiscard_zero'));
    expect(erased.said()).toEqual(['hdparm -I sda', 'blkdiscard sda']);
    expect(erased.isZero()).toBe(true);
  });

  test('fails: the password is taken off again, the next method', () => {
    const erased = erase([{}], { HDPARM: 'fails' });
    expect(evidenceOf(erased)).toEqual(proof('blkdiscard_zero'));
    expect(erased.said()).toEqual([...SECURITY_ERASE, SECURITY_DISABLE, 'blkdiscard sda']);
  });

  test('says that it did and did not: the next method', () => {
    const erased = erase([{}], { HDPARM: 'lies' });
    expect(evidenceOf(erased)).toEqual(proof('blkdiscard_zero'));
    expect(erased.told('log')).toContain('sda (RW-1) does not read back as zero after ata_secure_erase');
    expect(erased.isZero()).toBe(true);
  });
});

describe('NVMe', () => {
  const nvme = { name: 'nvme0n1' };
  test.each([
    ['sanitize first', { NVME_SANITIZE: 'ok' }, 'nvme_sanitize', 'NVMe Sanitize (block erase)', ['nvme-sanitize nvme0n1']],
    ['no sanitize: format', {}, 'nvme_format', 'NVMe Format with secure erase', ['nvme-sanitize nvme0n1', 'nvme-format nvme0n1']],
    [
      'sanitize lies, no format: never a command for SATA',
      { NVME_SANITIZE: 'lies', NVME_FORMAT: 'fails' },
      'blkdiscard_zero',
      'discard of every block',
      ['nvme-sanitize nvme0n1', 'nvme-format nvme0n1', 'blkdiscard nvme0n1'],
    ],
  ] as const)('%s', (_, world, method, named, said) => {
    const erased = erase([nvme], world);
    expect(evidenceOf(erased)).toEqual(proof(method));
    expect(pagesOf(erased)).toEqual([expect.stringContaining(named)]);
    expect(erased.said()).toEqual(said);
    expect(erased.isZero('nvme0n1')).toBe(true);
  });
});

describe('the kernel', () => {
  test('no zero-out: zeros are written, also on the odd end', () => {
    const erased = erase([{ name: 'vda' }], { BLKDISCARD_DOES: 'fails' });
    expect(evidenceOf(erased)).toEqual(proof('overwrite_zero'));
    // the zero-out is tried, the overwrite tries it once more, then the megabytes and the three sectors
    expect(erased.said()).toEqual(['blkdiscard vda', 'blkdiscard vda', 'dd vda', 'dd vda']);
    expect(erased.isZero('vda')).toBe(true);
  });

  test('withdrawn on the way: it stops there, the next disk is kept, and nothing is called erased', () => {
    const erased = erase([{ name: 'vda' }, { name: 'vdb', serial: 'RW-2' }], { WITHDRAWN_AT: 'blkdiscard_zero on RW-1' });
    expect(erased.said()).toEqual(['blkdiscard vda']);
    expect(erased.contentOf('vdb').equals(filled(SMALL))).toBe(true);
    expect(erased.result).toThrow('ENOENT');
  });
});

describe('a disk that lies whatever it is told', () => {
  const LIES = { HDPARM: 'lies', NVME_SANITIZE: 'lies', NVME_FORMAT: 'lies', BLKDISCARD_DOES: 'lies', DD: 'lies' } as const;

  test('is not called erased and has no certificate; the others are erased all the same', () => {
    const erased = erase([{}, { name: 'vdb', serial: 'RW-2', content: Buffer.alloc(SMALL) }], LIES);
    expect(erased.result()).toMatchObject({ outcome: 'failed', code: 'erase_failed' });
    expect(evidenceOf(erased)).toEqual([
      ...proof('overwrite_zero', 'not_zero', MIB * 2 + 1536),
      { serial: 'RW-2', method: 'blkdiscard_zero', readBack: 'zero', checkedBytes: SMALL },
    ]);
    expect(pagesOf(erased)).toEqual(['', expect.stringContaining('RW-2')]);
    expect(erased.contentOf('sda').equals(filled(SMALL))).toBe(true);
  });

  test.each([
    ['its last sector', LARGE - 512, 512],
    ['its first byte', 0, 1],
    ['five megabytes in the middle', 35 * MIB, 5 * MIB],
  ])('keeps %s', (_, at, bytes) => {
    const content = Buffer.alloc(LARGE);
    content.fill(OLD, at, at + bytes);
    const erased = erase([{ content }], LIES);
    expect(erased.result()).toMatchObject({ outcome: 'failed' });
    expect(evidenceOf(erased)).toMatchObject([{ method: 'overwrite_zero', readBack: 'not_zero' }]);
    expect(pagesOf(erased)).toEqual(['']);
  });

  test('a large one that is zero: the evidence says how much was read', () => {
    const erased = erase([{ content: Buffer.alloc(LARGE) }], LIES);
    expect(evidenceOf(erased)).toEqual(proof('ata_secure_erase', 'zero', 32 * MIB + 1536 + 16 * MIB));
  });

  test('cannot be read to its end: what was not read is not zero', () => {
    const erased = erase([{ content: Buffer.alloc(SMALL), bytes: SMALL + 512 }], LIES);
    expect(evidenceOf(erased)).toMatchObject([{ readBack: 'not_zero' }]);
  });

  test('nothing works on it: nothing was read of it, whatever was read of the disk before', () => {
    const fails = { HDPARM: 'fails', BLKDISCARD_DOES: 'fails', DD: 'fails' } as const;
    const erased = erase([{ name: 'nvme0n1', serial: 'RW-0' }, {}], { ...fails, NVME_FORMAT: 'ok' });
    expect(evidenceOf(erased)).toMatchObject([
      { serial: 'RW-0', method: 'nvme_format', readBack: 'zero', checkedBytes: SMALL },
      { serial: 'RW-1', readBack: 'not_zero', checkedBytes: 0 },
    ]);
  });
});
