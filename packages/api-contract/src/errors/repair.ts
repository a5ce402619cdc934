// What work orders are refused for, and how a repair fails to hold.
import type { ErrorTable } from './entry.ts';

export const REPAIR_ERRORS = {
  work_order_not_allowed: {
    status: 409,
    title: 'The work order’s state does not allow it',
    detail: '{action} is not possible while the work order is {state}.',
    toDo: 'See allowedActions of the work order; somebody may have been faster.',
    retryable: false,
  },
  work_order_not_yours: {
    status: 409,
    title: 'The work order is somebody else’s',
    detail: 'It is assigned to {assignee}, not to {person}.',
    toDo: 'Have it assigned to you, or leave it to them.',
    retryable: false,
  },
  wrong_machine_scanned: {
    status: 409,
    title: 'It is the wrong machine',
    detail:
      'Scanned was {scanned}, which is {standsBefore}; wanted is {expected} with serial {expectedSerial} or asset tag {expectedAssetTag}.',
    toDo: 'Do not touch it. Look for the identify light, and scan that machine.',
    retryable: false,
  },
  not_safe_to_pull: {
    status: 409,
    title: 'It is not safe to pull',
    detail: 'Its power was seen {power} at {seenAt} ({because}).',
    toDo: 'On: drain again, and find out who switched it on. Not seen: wait for the BMC, or a named person confirms it at …/confirm-off.',
    retryable: true,
  },
  server_not_back: {
    status: 409,
    title: 'The server is not back',
    detail: 'It is {state}: nobody knows yet whether the repair holds.',
    toDo: 'Finish the work order, so that the server is validated; or close it as returned to its vendor or scrapped.',
    retryable: false,
  },
  disk_still_attached: {
    status: 409,
    title: 'A disk that was said to be out is still there',
    detail: 'The agent still sees {serials}; nothing was erased.',
    toDo: 'Take it out, or accept the hardware as it is: then it is erased like the others.',
    retryable: false,
  },
  disk_removal_known: {
    status: 409,
    title: 'Somebody else accounted for this disk',
    detail: '{person} said that {serial} was {method}.',
    toDo: 'Read what is on file; it is not written over.',
    retryable: false,
  },
  burn_in_failed: {
    status: 502,
    title: 'It failed when it was worked hard',
    detail: 'The burn-in found a fault; the work order says which test and part.',
    toDo: 'Replace the part that failed; the work order is open again.',
    retryable: false,
  },
  fault_in_event_log: {
    status: 502,
    title: 'Its BMC logged a fault while it was validated',
    detail: 'Its event log says: {message}.',
    toDo: 'Look at the event log of the BMC; replace the part that it names.',
    retryable: false,
  },
} as const satisfies ErrorTable;
