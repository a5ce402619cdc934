// What the boot app's HTTP side needs, in memory: tickets, instructions, seeds and files that a test can look into.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BootEntry, memoryBootIndex } from '@rackwright/boot-app/boot-index.ts';
import type { BootHttpNeeds, GivenInstruction, PhoneCall, SeedValues, ServedFile } from '@rackwright/boot-app/http/needs.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import { makeId, type InstructionId, type ServerId, type TicketId } from '@rackwright/domain/ids.ts';
import type { InstructionDeed, InstructionResult } from '@rackwright/workflows/ports.ts';

type Instruction = GivenInstruction & {
  ticketId: TicketId;
  progress: { percent: number; message: string }[];
  result?: InstructionResult;
  withdrawn?: true;
};
type Ticket = { ticketId: TicketId; serverId: ServerId; expiresAt: number; token: string };

export type BootWorld = ReturnType<typeof bootWorld>;

export function bootWorld({ unknownServers = 'ignore' }: { unknownServers?: 'ignore' | 'discover' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'boot-http-'));
  const index = memoryBootIndex();
  const tickets = new Map<ServerId, Ticket>();
  const byHash = new Map<string, Ticket>();
  const byTicket = new Map<TicketId, Instruction[]>();
  const instructions = new Map<InstructionId, Instruction>();
  const watchers = new Map<TicketId, Set<() => void>>();
  const inspections = new Map<TicketId, Inspection>();
  const strangers: { mac: string; address: string; inspection: Inspection }[] = [];
  const calls: PhoneCall[] = [];
  const claimed = new Set<string>();
  const seeds = new Map<ServerId, SeedValues>();
  const files = {
    boot: new Map<string, ServedFile>(),
    artifacts: new Map<string, ServedFile>(),
    chunks: new Map<string, ServedFile>(),
    manifests: new Map<string, ServedFile>(),
  };
  const logged: unknown[] = [];
  const woken: ServerId[] = [];
  const clock = { skew: 0 };
  const now = () => Date.now() + clock.skew;
  const id = <K extends 'server' | 'ticket' | 'instruction'>(kind: K) => makeId(kind, Date.now(), randomBytes(10));
  const of = (ticketId: TicketId, wanted: InstructionId) => {
    const found = instructions.get(wanted);
    return found?.ticketId === ticketId ? found : undefined;
  };

  const needs: BootHttpNeeds = {
    now,
    index,
    tickets: {
      openFor: (serverId) => tickets.get(serverId),
      byTokenHash: (hash) => byHash.get(hash),
    },
    networkOf: () => ({ policy: { unknownServers, architectures: ['bios_x86', 'uefi_x64'] }, reservedAddressRequired: true }),
    reports: {
      async inspected(ticketId, inspection) {
        inspections.set(ticketId, inspection);
      },
      async discovered(stranger) {
        strangers.push(stranger);
      },
      async nextInstruction(ticketId) {
        return byTicket.get(ticketId)?.find((one) => !one.result && !one.withdrawn);
      },
      watchInstructions(ticketId, wake) {
        const set = watchers.get(ticketId) ?? new Set();
        watchers.set(ticketId, set.add(wake));
        return () => set.delete(wake);
      },
      async progressed(ticketId, wanted, progress) {
        const found = of(ticketId, wanted);
        if (!found || found.withdrawn) return found ? 'withdrawn' : 'unknown';
        found.progress.push(progress);
        return 'noted';
      },
      async finished(ticketId, wanted, result) {
        const found = of(ticketId, wanted);
        if (!found || found.withdrawn) return found ? 'withdrawn' : 'unknown';
        found.result ??= result;
        return 'noted';
      },
      async seed(ticketId, wanted) {
        const found = of(ticketId, wanted);
        const values = [...tickets.values()].find((ticket) => ticket.ticketId === ticketId);
        if (!found || !values) return 'unknown';
        return found.result || found.withdrawn ? 'over' : (seeds.get(values.serverId) ?? 'unknown');
      },
    },
    seeds: {
      current: async (serverId) => seeds.get(serverId),
      async claimUserData(serverId, instanceId) {
        const key = `${serverId} ${instanceId}`;
        return claimed.size < claimed.add(key).size;
      },
      async phonedHome(call) {
        if (seeds.get(call.serverId)?.instanceId !== call.instanceId) return 'stale';
        calls.push(call);
        return 'noted';
      },
    },
    files: {
      bootFile: (name) => files.boot.get(name),
      artifact: async (name) => files.artifacts.get(name),
      manifest: async (digest) => files.manifests.get(digest),
      chunk: async (digest, chunk) => files.chunks.get(`${digest} ${chunk}`),
    },
    async wakeUp(serverId) {
      woken.push(serverId);
    },
    discoveryKey: randomBytes(32),
    log: (line) => logged.push(line),
  };

  return {
    needs,
    index,
    inspections,
    strangers,
    calls,
    seeds,
    files,
    logged,
    woken,
    clock,
    instructions,
    file(kind: keyof typeof files, name: string, content: Uint8Array | string): ServedFile {
      const path = join(folder, `${kind}-${name.replaceAll(/[^a-z0-9.-]/g, '_')}`);
      writeFileSync(path, content);
      const served = { path, contentType: 'application/octet-stream', sha256: sha256(content) };
      files[kind].set(name, served);
      return served;
    },
    server(entry: Partial<Pick<BootEntry, 'mac' | 'address'>> & { name: string; firmwareMode?: 'bios' | 'uefi' }) {
      const serverId = id('server');
      const { name, address, mac = '02:00:00:00:00:01', firmwareMode = 'uefi' } = entry;
      const intend = (intent: { bootIntent: 'none' | 'disk' } | { bootIntent: 'agent'; ticketExpiresAt: number }) =>
        index.replaceServer(serverId, [
          { mac, hostname: name, ...(address && { address }), subject: { serverId, name, mac, firmwareMode, ...intent } },
        ]);
      intend({ bootIntent: 'none' });
      return {
        serverId,
        openTicket() {
          const ticket = {
            ticketId: id('ticket'),
            serverId,
            expiresAt: now() + 600_000,
            token: randomBytes(24).toString('base64url'),
          };
          tickets.set(serverId, ticket);
          byHash.set(sha256(ticket.token), ticket);
          intend({ bootIntent: 'agent', ticketExpiresAt: ticket.expiresAt });
          return ticket;
        },
        bootDisk() {
          const closed = tickets.get(serverId);
          if (closed) byHash.delete(sha256(closed.token));
          tickets.delete(serverId);
          intend({ bootIntent: 'disk' });
        },
      };
    },
    give(ticketId: TicketId, deed: InstructionDeed): Instruction {
      const instruction: Instruction = { id: id('instruction'), ticketId, deed, progress: [] };
      instructions.set(instruction.id, instruction);
      byTicket.set(ticketId, [...(byTicket.get(ticketId) ?? []), instruction]);
      for (const wake of watchers.get(ticketId) ?? []) wake();
      return instruction;
    },
    waiting: (ticketId: TicketId) => watchers.get(ticketId)?.size ?? 0,
    close: () => rmSync(folder, { recursive: true }),
  };
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  within = 20_000,
): Promise<T> {
  const until = Date.now() + within;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > until) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
