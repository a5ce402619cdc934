// What schedules refuse.
import type { ErrorTable } from './entry.ts';

export const SCHEDULE_ERRORS = {
  cron_invalid: {
    status: 422,
    title: 'The cron expression cannot be used',
    detail: 'Its {field} is wrong: {problem}.',
    toDo: 'Write minute, hour, day of month, month and day of week, such as "30 2 * * 1-5" for 02:30 from Monday to Friday.',
    retryable: false,
  },
  cron_never: {
    status: 422,
    title: 'The cron expression names no time',
    detail: '{cron} names no day of the next nine years.',
    toDo: 'Check the day of month against the month: February has no 30th.',
    retryable: false,
  },
  time_zone_unknown: {
    status: 422,
    title: 'There is no such time zone',
    detail: '{timeZone} is not the name of a zone in the IANA time zone database.',
    toDo: 'Use a name such as Asia/Taipei, Europe/Berlin or UTC; an offset such as +08:00 is no zone.',
    retryable: false,
  },
  blackout_invalid: {
    status: 422,
    title: 'A blackout window cannot be used',
    detail: 'Window {reason}: {problem}.',
    toDo: 'Give from and until (until is later, a month later at most), or cron and minutes.',
    retryable: false,
  },
  schedule_needs_filter: {
    status: 422,
    title: 'The task needs a filter',
    detail: 'Without a filter {task} would take in every server.',
    toDo: 'Set filter, as for GET /v1/servers; see what it picks with …/preview.',
    retryable: false,
  },
  schedule_run_in_progress: {
    status: 409,
    title: 'A run of the schedule is under way',
    detail: 'Run {runId} of {schedule} has not ended.',
    toDo: 'Wait for it; or set overlap to queue_one, and the next waits for its turn.',
    retryable: true,
  },
  schedule_in_blackout: {
    status: 409,
    title: 'A blackout window is open',
    detail: 'Nothing of {schedule} begins before {until}: {window}.',
    toDo: 'Come back then, or send ignoreBlackout: true with the reason.',
    retryable: true,
  },
  schedule_run_out_of_time: {
    status: 504,
    title: 'The run ended before the operation',
    detail: 'The run reached its limit while operation {operationId} was under way; the operation goes on.',
    toDo: 'Look at the operation; give the schedule more limitMinutes or a smaller most.',
    retryable: false,
  },
  too_many_schedules: {
    status: 409,
    title: 'There are too many schedules',
    detail: 'At most {most} schedules are kept.',
    toDo: 'Delete schedules that nobody needs; one with a wider filter does the work of several.',
    retryable: false,
  },
  too_many_candidates: {
    status: 422,
    title: 'The filter finds too many servers',
    detail: 'A run looks at {most} servers at most.',
    toDo: 'Make the filter narrower, and several schedules of it.',
    retryable: false,
  },
} as const satisfies ErrorTable;
