// What the install agent refuses or fails with, and what it is told.
import type { ErrorTable } from './entry.ts';

export const AGENT_ERRORS = {
  agent_token_unknown: {
    status: 401,
    title: 'The agent’s token is not known',
    detail: 'The token is unknown or its boot ticket is closed.',
    toDo: 'Nothing: the agent powers the machine off after ten minutes.',
    retryable: false,
  },
  instruction_withdrawn: {
    status: 409,
    title: 'The instruction was withdrawn',
    detail: 'The operation no longer wants this done.',
    toDo: 'The agent stops at once and asks for its next instruction.',
    retryable: false,
  },
  instruction_finished: {
    status: 410,
    title: 'The instruction has a result already',
    detail: 'Its seed can no longer be read.',
    toDo: 'Nothing.',
    retryable: false,
  },
  disk_serial_mismatch: {
    status: 409,
    title: 'The disk is not there, or not alone',
    detail: 'No attached disk, or more than one, has the serial that may be written. Nothing was written.',
    toDo: 'Compare the drives in the server with the accepted inspection; onboard again if they were changed.',
    retryable: false,
  },
  checksum_mismatch: {
    status: 409,
    title: 'What arrived is not what was meant',
    detail: 'A manifest or chunk has another SHA-256 than it should. It was not written.',
    toDo: 'Check the image store; import the image again.',
    retryable: false,
  },
  write_failed: {
    status: 502,
    title: 'The disk could not be written',
    detail: 'The kernel reported an error while writing or reading back.',
    toDo: 'Look at the disk’s health; replace it and onboard again.',
    retryable: false,
  },
  erase_failed: {
    status: 502,
    title: 'A disk could not be erased',
    detail: 'No method erased it, or reading back found something else than zeros.',
    toDo: 'Release again; if it fails again, remove and destroy the disk.',
    retryable: false,
  },
  agent_silent: {
    status: 504,
    title: 'The install agent never reported',
    detail: 'The server was booted from the network {tries} times and no agent reported.',
    toDo: 'Look at the server’s console, its cabling, its boot order, and at the DHCP of its network.',
    retryable: true,
  },
  instruction_unknown: {
    status: 409,
    title: 'The agent does not know this instruction',
    detail: 'The agent is older than the instruction.',
    toDo: 'Build and register the current agent, then begin again.',
    retryable: false,
  },
} as const satisfies ErrorTable;
