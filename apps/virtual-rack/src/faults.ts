// Faults that a person or a test injects into a simulated BMC: rules matched against each request, each good for so many requests.
import type { BmcProtocol } from '@rackwright/domain/bmc.ts';

/** What a simulated BMC asks before it answers. `target` is a Redfish path or an IPMI command's name. */
export type InterceptedRequest = { protocol: BmcProtocol; target: string; write: boolean };

/** What the BMC then does. Everything absent: answer as usual. */
export type Interference = {
  /** HTTP status, or IPMI completion code. */
  status?: number;
  delayMs?: number;
  /** Take the request, never answer. */
  drop?: boolean;
  /** Answer success and change nothing: the lie that only reading back finds. */
  ignoreWrite?: boolean;
  /** Do it, never answer. */
  loseAnswer?: boolean;
};

export type FaultRule = {
  /** Regular expression on the target, case ignored. */
  match: string;
  protocol?: BmcProtocol;
  status?: number;
  delayMs?: number;
  drop?: boolean;
  /** Only writes are lied about; a read passes such a rule by. */
  lie?: boolean;
  /** Only writes: done, and never answered. */
  loseAnswer?: boolean;
  /** How many requests it spoils; absent: all until removed. */
  count?: number;
};

export type StoredFaultRule = FaultRule & { id: number; left: number };

export type Faults = {
  /** The first rule that matches decides, and is used up by one. */
  intercept(request: InterceptedRequest): Interference | undefined;
  /**
   * Answers the rule's id. Throws RangeError beyond 100 rules and SyntaxError on a bad expression.
   * @param onStrike  called for each request that it spoils
   */
  add(rule: FaultRule, onStrike?: () => void): number;
  remove(id: number): boolean;
  clear(): void;
  list(): StoredFaultRule[];
};

const MAX_RULES = 100;
const MAX_DELAY_MS = 600_000;

export function faultRules(initial: readonly FaultRule[] = []): Faults {
  let rules: { rule: StoredFaultRule; expression: RegExp; onStrike: (() => void) | undefined }[] = [];
  let lastId = 0;

  const add: Faults['add'] = (rule, onStrike) => {
    if (rules.length >= MAX_RULES) throw new RangeError(`a simulated BMC takes at most ${MAX_RULES} fault rules`);
    lastId += 1;
    const stored = { ...rule, id: lastId, left: rule.count ?? Number.POSITIVE_INFINITY };
    rules.push({ rule: stored, expression: new RegExp(rule.match, 'i'), onStrike });
    return lastId;
  };
  for (const rule of initial) add(rule);

  return {
    add,
    intercept(request) {
      const hit = rules.find(({ rule, expression }) => applies(rule, request) && expression.test(request.target));
      if (!hit) return undefined;
      hit.rule.left -= 1;
      hit.onStrike?.();
      if (hit.rule.left <= 0) rules = rules.filter((entry) => entry !== hit);
      return interference(hit.rule);
    },
    remove(id) {
      const before = rules.length;
      rules = rules.filter(({ rule }) => rule.id !== id);
      return rules.length < before;
    },
    clear() {
      rules = [];
    },
    list: () => rules.map(({ rule }) => ({ ...rule })),
  };
}

function applies(rule: FaultRule, request: InterceptedRequest): boolean {
  if (rule.protocol && rule.protocol !== request.protocol) return false;
  return !(rule.lie || rule.loseAnswer) || request.write;
}

function interference(rule: FaultRule): Interference {
  return {
    ...(rule.status === undefined ? {} : { status: rule.status }),
    ...(rule.delayMs === undefined ? {} : { delayMs: Math.min(Math.max(rule.delayMs, 0), MAX_DELAY_MS) }),
    ...(rule.drop ? { drop: true } : {}),
    ...(rule.lie ? { ignoreWrite: true } : {}),
    ...(rule.loseAnswer ? { loseAnswer: true } : {}),
  };
}
