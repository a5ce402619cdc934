// Errands: operations that leave a server's state as it is. They hold its lease like every other, so nothing else happens meanwhile.
// Why they are no working states: docs/adr/0012-errands-keep-the-state.md.
import { type ServerState, SERVING, type WorkflowName } from './table.ts';

export type ErrandName = 'power-on-server';
/** Whatever an operation may run. */
export type RunName = WorkflowName | ErrandName;

type Errand = { from: readonly ServerState[]; limitMinutes: number; means: string };

/** From which states each may begin, and where it therefore ends. */
export const ERRANDS = {
  // Longer than a whole site takes in waves: most of it is waiting for power.
  'power-on-server': {
    from: SERVING,
    limitMinutes: 240,
    means: 'powering on what serves, and waiting until it does again',
  },
} as const satisfies Record<ErrandName, Errand>;

export function isErrand(name: string): name is ErrandName {
  return Object.hasOwn(ERRANDS, name);
}

export function mayRunErrand(errand: ErrandName, state: string): boolean {
  return (ERRANDS[errand].from as readonly string[]).includes(state);
}
