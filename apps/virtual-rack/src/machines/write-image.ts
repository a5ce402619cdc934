// write_image as the agent does it: manifest against its digest, chunks against the manifest, the seed; then the disk holds a system.
import { createHash } from 'node:crypto';
import { type AgentCalls, isGood } from './agent-calls.ts';
import type { AgentReporter, Instruction } from './agent-instruction.ts';
import { type SeedFiles, type SimulatedDisk, theDiskWith } from './disks.ts';
import { readFat } from './fat-files.ts';
import type { MachineWorld, Running } from './machine-world.ts';

export type WriteImage = {
  instruction: Instruction;
  disks: readonly SimulatedDisk[];
  calls: AgentCalls;
  reporter: AgentReporter;
  world: MachineWorld;
  running: Running;
  /** Chunks on the disk since this boot, by image and disk: a repeated instruction goes on from there. */
  written: Map<string, Set<number>>;
  /** Called before the first byte changes. */
  begins: (serial: string) => void;
  /** Called after each chunk; a fault may cut the power here. */
  afterChunk: (count: number) => void;
};

type Manifest = { size: number; chunkSize: number; chunks: { number: number; sha256: string | undefined }[] };

/** The files lie at the start of the seed; the rest of its four mebibytes is empty, and costs a thousand servers dearly. */
const SEED_START = 512 * 1024;
const DISK_BYTES_PER_MS = 400_000;

export async function writeImage(job: WriteImage): Promise<void> {
  const { instruction, disks, reporter } = job;
  const serial = instruction.diskSerials[0] ?? '';
  const disk = theDiskWith(disks, serial);
  if (!disk) return reporter.result('refused', 'disk_serial_mismatch', `not exactly one disk has serial ${serial}`);
  const manifest = await fetchManifest(job);
  if (!manifest) return;
  if (manifest.size > disk.spec.sizeBytes) {
    return reporter.result('refused', 'disk_too_small', `image of ${manifest.size} bytes, ${serial} has ${disk.spec.sizeBytes}`);
  }
  job.begins(serial);
  if (!(await writeChunks(job, disk, manifest))) return;
  const seed = await fetchSeed(job);
  if (!seed) return;
  disk.content = { kind: 'image', imageDigest: instruction.image, seed, kubelet: {}, ranFirstBoot: false, joins: false };
  job.written.clear();
  await reporter.result('done', '', '', {
    serial,
    sizeBytes: manifest.size,
    dataChunks: manifest.chunks.length,
    seedVerified: true,
  });
}

async function fetchManifest({ instruction, calls, reporter }: WriteImage): Promise<Manifest | undefined> {
  const path = `/agent/v1/images/${instruction.image}/manifest`;
  const { status, body } = await calls.get(path);
  if (!isGood(status)) {
    await reporter.notServed(path, status);
    return undefined;
  }
  if (`sha256-${createHash('sha256').update(body).digest('hex')}` !== instruction.image) {
    await reporter.result('failed', 'checksum_mismatch', `${path}: other bytes than the checksum says`);
    return undefined;
  }
  const manifest = readManifest(body.toString('utf8'));
  if (!manifest) await reporter.result('failed', 'manifest_unreadable', 'not a manifest this agent reads');
  return manifest;
}

function readManifest(text: string): Manifest | undefined {
  const lines = text.split('\n').map((line) => line.split(' '));
  if (lines[0]?.join(' ') !== 'rackwright-image 1') return undefined;
  const number = (key: string) => Number(lines.find(([word]) => word === key)?.[1] ?? 0);
  const chunks = lines
    .filter(([kind]) => kind === 'chunk' || kind === 'zero')
    .map(([kind, at, sha256]) => ({ number: Number(at), sha256: kind === 'chunk' ? (sha256 ?? '') : undefined }));
  const manifest = { size: number('size'), chunkSize: number('chunk_size'), chunks };
  return manifest.size > 0 && manifest.chunkSize > 0 && chunks.length > 0 ? manifest : undefined;
}

async function writeChunks(job: WriteImage, disk: SimulatedDisk, manifest: Manifest): Promise<boolean> {
  const { instruction, reporter, world, running } = job;
  const key = `${instruction.image} ${instruction.diskSerials[0]}`;
  const written = job.written.get(key) ?? new Set<number>();
  job.written.set(key, written);
  let told = 0;
  for (const [at, chunk] of manifest.chunks.entries()) {
    if (written.has(chunk.number)) continue;
    if (chunk.sha256 !== undefined && !(await fetchChunk(job, chunk.number, chunk.sha256, isSampled(at, manifest, world))))
      return false;
    if (disk.spec.broken) {
      await reporter.result('failed', 'write_failed', `${instruction.diskSerials[0]}: chunk ${chunk.number}: Input/output error`);
      return false;
    }
    await world.pace.takes(manifest.chunkSize / DISK_BYTES_PER_MS, running.power);
    written.add(chunk.number);
    disk.content = { kind: 'partial', imageDigest: instruction.image, writtenChunks: written };
    job.afterChunk(written.size);
    running.power.throwIfAborted();
    const percent = Math.floor(((at + 1) * 90) / manifest.chunks.length);
    // Every tenth of the way is news enough from one of a thousand servers.
    if (percent - told < 10) continue;
    told = percent;
    if (!(await reporter.progress(percent, `chunk ${at + 1} of ${manifest.chunks.length}`))) return false;
  }
  return true;
}

function isSampled(at: number, { chunks }: Manifest, { chunkSample }: MachineWorld): boolean {
  return at === 0 || at === chunks.length - 1 || Math.floor(at * chunkSample) !== Math.floor((at - 1) * chunkSample);
}

async function fetchChunk(job: WriteImage, number: number, sha256: string, inFull: boolean): Promise<boolean> {
  const path = `/agent/v1/images/${job.instruction.image}/chunks/${number}`;
  for (let tries = 3; tries > 0; tries--) {
    const answer = inFull ? await job.calls.digest(path) : await job.calls.head(path);
    if (!isGood(answer.status)) {
      await job.reporter.notServed(path, answer.status);
      return false;
    }
    if (!('sha256' in answer) || answer.sha256 === sha256) return true;
    job.running.say(`${path}: wrong checksum`);
  }
  await job.reporter.result('failed', 'checksum_mismatch', `${path}: three times other bytes than the checksum says`);
  return false;
}

async function fetchSeed({ instruction, calls, reporter }: WriteImage): Promise<SeedFiles | undefined> {
  const path = `/agent/v1/instructions/${instruction.id}/seed`;
  const { status, body } = await calls.get(path, SEED_START);
  if (!isGood(status)) {
    await reporter.notServed('seed', status);
    return undefined;
  }
  const volume = readFat(body);
  if (!volume || volume.label !== 'CIDATA') {
    await reporter.result('failed', 'write_failed', 'the seed is no file system labelled CIDATA');
    return undefined;
  }
  // Kept as text: four mebibytes for each of a thousand servers would be four gibibytes.
  return new Map([...volume.files].map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]));
}
