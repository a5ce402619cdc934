// What can go wrong at a BMC.
import type { ErrorTable } from './entry.ts';

export const BMC_ERRORS = {
  bmc_unreachable: {
    status: 502,
    title: 'The BMC does not answer',
    detail: 'No answer came from the BMC; that says nothing about the server’s power.',
    toDo: 'Check the BMC’s address, cable and network.',
    retryable: true,
  },
  bmc_auth_failed: {
    status: 502,
    title: 'The BMC refuses the credentials',
    detail: 'The user name or password is wrong, or the account is locked. It is not tried again, because BMCs lock accounts.',
    toDo: 'Correct the credentials on the server, then begin again.',
    retryable: false,
  },
  bmc_busy: {
    status: 503,
    title: 'The BMC is busy',
    detail: 'The BMC asks to come back later, or has no free session.',
    toDo: 'Wait; if it stays busy, restart the BMC.',
    retryable: true,
  },
  bmc_unsupported: {
    status: 502,
    title: 'The BMC cannot do that',
    detail: 'The BMC does not offer what was asked of it.',
    toDo: 'Update its firmware, or use the other protocol (redfish or ipmi).',
    retryable: false,
  },
  bmc_protocol_error: {
    status: 502,
    title: 'The BMC’s answer makes no sense',
    detail: 'What the BMC answered does not follow its protocol.',
    toDo: 'Report it with model and firmware; the other protocol may work.',
    retryable: true,
  },
  bmc_write_unverified: {
    status: 502,
    title: 'The BMC agreed, and nothing happened',
    detail: 'The BMC accepted a command, and its own reading never showed the effect.',
    toDo: 'Look at the machine; some BMCs need a restart or newer firmware.',
    retryable: true,
  },
  bmc_certificate_untrusted: {
    status: 502,
    title: 'The BMC’s certificate is not the trusted one',
    detail: 'The certificate is signed by nobody we trust or is not the pinned one.',
    toDo: 'If the certificate was renewed, set the new pin or CA; if not, find out who answers at that address.',
    retryable: false,
  },
  bmc_password_changing: {
    status: 503,
    title: 'The BMC’s password is being changed',
    detail: 'Until it is known which password the BMC has, nobody else logs in: wrong logins lock accounts.',
    toDo: 'Wait; the schedule that changes it finds out.',
    retryable: true,
  },
  bmc_password_in_doubt: {
    status: 409,
    title: 'Nobody knows the BMC’s password',
    detail: 'The BMC refused the old and the new password of a change; it is not tried again, because BMCs lock accounts.',
    toDo: 'Find out the password at the machine or reset the BMC, then set bmc.credentials of the server.',
    retryable: false,
  },
} as const satisfies ErrorTable;
