// What can go wrong between us and a BMC, as Faults: completion codes (IPMI 2.0 table 5-2) and RAKP status codes (table 13-15).
import { Fault, type FaultDetails } from '@rackwright/domain/errors.ts';
import { COMPLETION, RAKP_STATUS } from '@rackwright/protocols/ipmi/constants.ts';

type Effect = NonNullable<FaultDetails['effect']>;

const BUSY = new Set<number>([COMPLETION.nodeBusy, COMPLETION.timeout, COMPLETION.outOfSpace, COMPLETION.bmcInitialising]);

/** The BMC is there and wants to be asked again in a moment. It has done nothing yet. */
export function isBusy(completion: number): boolean {
  return BUSY.has(completion);
}

export function unreachable(doing: string, effect: Effect, cause?: unknown): Fault {
  return new Fault({ code: 'bmc_unreachable', doing, retry: 'soon', effect, cause: cause ?? 'no answer' });
}

export function authFailed(doing: string, cause: string): Fault {
  return new Fault({ code: 'bmc_auth_failed', doing, retry: 'never', effect: 'none', cause });
}

export function unsupported(doing: string, cause: string): Fault {
  return new Fault({ code: 'bmc_unsupported', doing, retry: 'never', effect: 'none', cause });
}

export function protocolError(doing: string, cause: string, effect: Effect = 'none'): Fault {
  return new Fault({ code: 'bmc_protocol_error', doing, retry: 'later', effect, cause });
}

/** We wrote, it agreed, and reading back shows something else. */
export function unverified(doing: string, cause: string): Fault {
  return new Fault({ code: 'bmc_write_unverified', doing, retry: 'later', effect: 'maybe', cause });
}

/** The BMC answered a command with this completion code. */
export function refusedCommand(doing: string, command: string, completion: number): Fault {
  const cause = `${command} ended with completion code ${hex(completion)}`;
  const facts = { completion };
  if (isBusy(completion) || completion === COMPLETION.wrongState) {
    return new Fault({ code: 'bmc_busy', doing, retry: 'soon', effect: 'none', cause, facts });
  }
  switch (completion) {
    case COMPLETION.invalidCommand:
    case COMPLETION.invalidField:
    case COMPLETION.notPresent:
      return new Fault({ code: 'bmc_unsupported', doing, retry: 'never', effect: 'none', cause, facts });
    case COMPLETION.insufficientPrivilege:
      return new Fault({ code: 'bmc_auth_failed', doing, retry: 'never', effect: 'none', cause, facts });
    default:
      return new Fault({ code: 'bmc_protocol_error', doing, retry: 'later', effect: 'none', cause, facts });
  }
}

const WHY_NOT_IN: Record<number, string> = {
  [RAKP_STATUS.invalidRole]: 'the user may not have this role',
  [RAKP_STATUS.unauthorizedRole]: 'the user may not have this role',
  [RAKP_STATUS.unauthorizedName]: 'the BMC does not know this user',
  [RAKP_STATUS.invalidNameLength]: 'the BMC does not take a user name of this length',
  [RAKP_STATUS.invalidIntegrityCheck]: 'wrong password',
};

/** The BMC ended the opening of a session with this status. */
export function refusedSession(doing: string, status: number): Fault {
  if (status === RAKP_STATUS.noResources || status === RAKP_STATUS.noResourcesForRole) {
    const cause = 'the BMC has no free session';
    return new Fault({ code: 'bmc_busy', doing, retry: 'soon', effect: 'none', cause, facts: { status } });
  }
  const why = WHY_NOT_IN[status];
  return why ? authFailed(doing, why) : protocolError(doing, `the BMC refused the session with status ${hex(status)}`);
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`;
}
