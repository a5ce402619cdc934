// What requests about power are refused for.
import type { ErrorTable } from './entry.ts';

export const POWER_ERRORS = {
  cold_start_in_progress: {
    status: 409,
    title: 'A cold start of the site is under way',
    detail: 'Cold start {coldStartId} runs or is paused.',
    toDo: 'Resume it, wait for it, or cancel it.',
    retryable: false,
  },
  cold_start_finished: {
    status: 409,
    title: 'The cold start has ended',
    detail: 'It has ended as {state}.',
    toDo: 'Begin another one: it takes what is still off.',
    retryable: false,
  },
  nothing_to_power_on: {
    status: 409,
    title: 'There is nothing to power on',
    detail: 'No server of the site can be powered on; {leftOut} are left out.',
    toDo: 'See leftOut of the site’s cold-start plan for the reasons.',
    retryable: false,
  },
} as const satisfies ErrorTable;
