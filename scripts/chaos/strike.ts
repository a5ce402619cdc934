// Makes planned faults happen, each at its time, and ends them all.
import { setTimeout as pause } from 'node:timers/promises';
import type { FaultRule } from '@rackwright/virtual-rack-app/faults.ts';
import type { VirtualServer } from '@rackwright/virtual-rack-app/virtual-rack.ts';
import type { ChaosSite } from './chaos-site.ts';
import type { PlannedFault } from './plan-faults.ts';

/** IPMI has completion codes where HTTP has status: node busy, and out of sessions. */
const IPMI_CODES: Record<number, number> = { 503: 0xc0 };

/** Ends when the last one is over, with everything whole again. @param began  milliseconds since the epoch */
export async function strikeAll(site: ChaosSite, plan: readonly PlannedFault[], tell: (line: string) => void): Promise<void> {
  const began = Date.now();
  const under: Promise<void>[] = [];
  for (const fault of plan) {
    const left = began + fault.at - Date.now();
    if (left > 0) await pause(left);
    tell(`${(fault.at / 1000).toFixed(1)} s: ${sayFault(fault)}`);
    // Most take a while, and meanwhile others strike.
    under.push(strike(site, fault));
  }
  await Promise.all(under);
  for (const { chassis } of site.rack.servers) chassis.faults.clear();
  await site.postgres.restart();
}

async function strike(site: ChaosSite, fault: PlannedFault): Promise<void> {
  switch (fault.what) {
    case 'bmc':
      return spoilBmc(site, fault);
    case 'packets_lost':
      site.loss.set(fault.rack, fault.part);
      await pause(fault.forMs);
      site.loss.delete(fault.rack);
      return;
    case 'postgres_killed':
      await site.postgres.kill();
      await pause(fault.forMs);
      return site.postgres.restart();
    case 'cluster_away':
      site.kubernetes.setAway(true);
      await pause(fault.forMs);
      site.kubernetes.setAway(false);
      return;
    case 'queue_emptied':
      return site.emptyQueue();
    case 'rackwright_killed':
      return site.killRackwright();
  }
}

async function spoilBmc({ rack }: ChaosSite, fault: Extract<PlannedFault, { what: 'bmc' }>): Promise<void> {
  const spoilt = rack.servers[fault.server];
  if (!spoilt) return;
  if (fault.rule) return spoilRequests(spoilt, fault.rule, fault.forMs);
  const { mood, power } = spoilt.chassis;
  switch (fault.kind) {
    case 'drops_sessions':
      return spoilt.dropBmcSessions();
    case 'session_cap':
      mood.full = true;
      await pause(fault.forMs);
      mood.full = false;
      return;
    case 'locked_out':
      mood.lockedOut = true;
      await pause(fault.forMs);
      mood.lockedOut = false;
      return;
    default:
      mood.stalePower = power();
      await pause(fault.forMs);
      mood.stalePower = undefined;
  }
}

async function spoilRequests(spoilt: VirtualServer, rule: FaultRule, forMs: number): Promise<void> {
  const { faults } = spoilt.chassis;
  const status = rule.status !== undefined && spoilt.bmc.protocol === 'ipmi' ? (IPMI_CODES[rule.status] ?? 0xff) : rule.status;
  const id = faults.add({ ...rule, ...(status === undefined ? {} : { status }) });
  await pause(forMs);
  faults.remove(id);
}

export function sayFault(fault: PlannedFault): string {
  switch (fault.what) {
    case 'bmc':
      return `BMC of server ${fault.server} ${fault.kind}`;
    case 'packets_lost':
      return `rack ${fault.rack} loses ${Math.round(fault.part * 100)} % of its packets`;
    case 'postgres_killed':
      return `Postgres is killed, back in ${Math.round(fault.forMs)} ms`;
    case 'cluster_away':
      return `the API server is away for ${Math.round(fault.forMs)} ms`;
    case 'rackwright_killed':
      return 'Rackwright is killed';
    case 'queue_emptied':
      return 'the queue is emptied';
  }
}
