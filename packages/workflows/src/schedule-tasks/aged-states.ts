// Lists servers that have been in a state for longer than is usual. Looks only at what is on file.
import { hours } from '@rackwright/domain/durations.ts';
import { findings, leftAlone, meant, type ScheduleTask } from './task.ts';

export const agedStates: ScheduleTask<'aged_states'> = {
  pick: ({ servers }, params, { now }) =>
    servers.map((server) => {
      const { state, stateSince } = server;
      const limitHours = params.hoursByState[state] ?? params.hours;
      const age = now - Date.parse(stateSince);
      if (age <= hours(limitHours)) return leftAlone(server, 'too_recent', { state, stateSince, limitHours });
      const result = { finding: 'aged', state, since: stateSince, hours: Math.floor(age / hours(1)), limitHours };
      return { ...meant(server), result };
    }),
  atOnce: () => 1,
  act: () => Promise.reject(new Error('a report is done when it has chosen')),
  report: (items) => findings(items, []),
};
