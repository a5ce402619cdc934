// No process keeps more than one session at a BMC, and none when it has ended; what a killed one left, nobody uses any more.
import type { OpenSession } from '@rackwright/virtual-rack-app/open-session.ts';
import type { Violation } from './check-history.ts';
import type { History, SessionLook } from './history.ts';

/** A request that a BMC took before its asker was killed carries its session until it is answered: a BMC that hangs takes seconds. */
const UNDER_WAY_MS = 30_000;

export function checkSessions({ sessionLooks }: Pick<History, 'sessionLooks'>): Violation[] {
  const wrong: Violation[] = [];
  /** By server and session: when the process that left it was killed. Only the BMC can end these. */
  const orphans = new Map<string, number>();
  for (const { at, when, bmcs } of sessionLooks) {
    for (const { server, sessions } of bmcs) {
      const broken = (says: string): void => void wrong.push({ rule: 'no_session_left', server, says });
      const orphanedAt = ({ id }: OpenSession): number | undefined => orphans.get(`${server} ${id}`);
      for (const one of sessions) {
        const killedAt = orphanedAt(one);
        if (killedAt !== undefined && one.usedAt > killedAt + UNDER_WAY_MS)
          broken(`session ${one.id} of a process killed at ${killedAt} was used at ${one.usedAt}`);
      }
      const ours = sessions.filter((one) => orphanedAt(one) === undefined);
      if (isTooMany(ours, when))
        broken(`${SAID[when]} at ${at} its BMC holds sessions ${ours.map(({ id }) => id).join(', ')} of ours`);
      if (when === 'killed') for (const { id } of ours) orphans.set(`${server} ${id}`, at);
    }
  }
  return wrong;
}

const SAID: Record<SessionLook['when'], string> = { before_kill: 'before a kill', killed: 'after a kill', end: 'after the end' };

function isTooMany(ours: readonly OpenSession[], when: SessionLook['when']): boolean {
  const known = ours.filter(({ told }) => told);
  switch (when) {
    case 'before_kill':
      return known.filter(({ ending }) => !ending).length > 1;
    case 'killed':
      return false;
    case 'end':
      return known.length > 0;
  }
}
