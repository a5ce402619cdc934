// For tests that are about something else: whoever wants to power on may.
import type { PowerBook } from '@rackwright/worker-app/power-budget.ts';

export const noPowerBudget: PowerBook = {
  ask: async () => ({ granted: true, draw: null }),
  settle: async () => undefined,
  notSettled: () => undefined,
  foundOn: async () => undefined,
  note: async () => undefined,
};
