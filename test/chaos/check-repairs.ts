// A server that was repaired goes back to where it was taken from, or rests apart: what served is never handed to others unerased.
import type { Violation } from './check-history.ts';
import type { History } from './history.ts';

const BACK: Readonly<Record<string, readonly string[]>> = {
  in_service: ['in_service'],
  available: ['available', 'onboarding_failed'],
};

export function checkRepairs({ events }: Pick<History, 'events'>): Violation[] {
  const wrong: Violation[] = [];
  const cameFrom = new Map<string, string>();
  /** In quarantine because its repair failed: it still comes from where it was taken. */
  const goesOn = new Set<string>();
  for (const { kind, serverId, payload, seq } of events) {
    if (kind !== 'server.moved' || serverId === null) continue;
    const { from, to } = { from: String(payload['from']), to: String(payload['to']) };
    if (to === 'isolating' && from !== 'in_repair' && !(from === 'quarantined' && goesOn.has(serverId)))
      cameFrom.set(serverId, from);
    goesOn.delete(serverId);
    if (to === 'quarantined' && (from === 'isolating' || from === 'validating')) goesOn.add(serverId);
    if (from !== 'validating') continue;
    const origin = cameFrom.get(serverId);
    const right = BACK[to];
    if (origin === undefined || right === undefined || right.includes(origin)) continue;
    wrong.push({ rule: 'repaired_goes_back', server: serverId, says: `event ${seq}: taken from ${origin}, it came back ${to}` });
  }
  return wrong;
}
