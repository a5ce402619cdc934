// Plans and bulk operations: why something is not planned, not carried out, or not begun.
import type { ErrorTable } from './entry.ts';

export const PLAN_ERRORS = {
  operation_not_plannable: {
    status: 409,
    title: 'That runs no workflow',
    detail: '{type} is done at once and cannot be planned.',
    toDo: 'Ask it of the server: POST /v1/servers/{ref}/operations.',
    retryable: false,
  },
  nothing_chosen: {
    status: 409,
    title: 'No server was chosen',
    detail: 'The filter or the list chooses no server.',
    toDo: 'Try the filter with GET /v1/servers first.',
    retryable: false,
  },
  too_many_servers: {
    status: 409,
    title: 'Too many servers for one plan',
    detail: 'A plan is for at most {most} servers.',
    toDo: 'Choose fewer: by rack, row or label.',
    retryable: false,
  },
  plan_expired: {
    status: 409,
    title: 'The plan has expired',
    detail: 'It was good until {expiredAt}.',
    toDo: 'Make the plan anew, and look at it again.',
    retryable: false,
  },
  plan_runs_nothing: {
    status: 409,
    title: 'The plan does nothing',
    detail: 'Each of its {servers} servers is blocked.',
    toDo: 'See the items for what is in the way.',
    retryable: false,
  },
  plan_stale: {
    status: 409,
    title: 'The world has changed since the plan',
    detail: 'What was planned is not what would happen now: {changes} changes. Nothing was begun.',
    toDo: 'See what changed, server by server, then make the plan anew and look at it again.',
    retryable: false,
  },
  quorum_at_risk: {
    status: 409,
    title: 'The cluster would lose its quorum',
    detail: 'Without {node} only {ready} of {members} control planes of {cluster} are ready; {needed} are needed.',
    toDo: 'Add or mend control planes first, or take them out one after another.',
    retryable: false,
  },
  no_capacity: {
    status: 409,
    title: 'The pods have nowhere to go',
    detail: 'No other node of {cluster} is ready to take them.',
    toDo: 'Add nodes first, choose fewer servers, or drain with policy force.',
    retryable: false,
  },
  cluster_not_seen: {
    status: 503,
    title: 'The cluster does not answer',
    detail: 'What happens to pods and quorum of {cluster} is not known.',
    toDo: 'Look at its API server, then make the plan anew.',
    retryable: true,
  },
  bulk_operation_finished: {
    status: 409,
    title: 'The bulk operation has ended',
    detail: 'It has ended as {state}; nothing about it can be changed.',
    toDo: 'Nothing, or make another plan.',
    retryable: false,
  },
  bulk_operation_cancelled: {
    status: 409,
    title: 'It never began',
    detail: 'The bulk operation was cancelled before its turn came.',
    toDo: 'Make another plan when you are ready.',
    retryable: false,
  },
} as const satisfies ErrorTable;
