// Every order to power on asks for its rack's permission first, and everything that is seen of power is written down.
import { seconds } from '@rackwright/domain/durations.ts';
import type { PowerState } from '@rackwright/domain/bmc.ts';
import { FREED_BY, type PowerWait } from '@rackwright/domain/power/grant-power.ts';
import { Postponed } from '@rackwright/workflow-engine/step-log.ts';
import type { Bmc, Holder } from '@rackwright/workflows/ports.ts';

export type PowerAnswer =
  | { granted: true; draw: { inrushSeconds: number } | null }
  | { granted: false; rackName: string; since: string; wait: PowerWait };

/** The line in front of each rack, and what is known of each server's power. */
export type PowerBook = {
  ask(holder: Holder): Promise<PowerAnswer>;
  /** The order was sent. May be lost: the grant runs out by itself, only later. */
  settle(holder: Holder, inrushSeconds: number): Promise<void>;
  /** Told when that was lost. */
  notSettled(holder: Holder, cause: unknown): void;
  /** It was on already: whoever died between the order and `settle` left a grant that nobody else can use until it runs out. */
  foundOn(holder: Holder): Promise<void>;
  note(holder: Holder, power: 'on' | 'off'): Promise<void>;
};

/** What this connection wrote down last: most readings are no news. */
export type Noted = { power?: 'on' | 'off' };

/** Whoever is granted power is woken; this is for a wake-up that was lost. */
const LOOK_AGAIN_MS = seconds(30);

/** The same BMC. `setPower` that would switch a machine on throws Postponed while the budget does not allow it. */
export function budgetedBmc(bmc: Bmc, holder: Holder, book: PowerBook, noted: Noted): Bmc {
  let seen: PowerState | undefined;

  const note = async (power: PowerState): Promise<void> => {
    const known = power === 'powering_on' ? 'on' : power;
    if ((known !== 'on' && known !== 'off') || noted.power === known) return;
    await book.note(holder, known);
    noted.power = known;
  };
  const power = async (): Promise<PowerState> => {
    seen = await bmc.power();
    await note(seen);
    return seen;
  };
  const granted = async (switchOn: () => Promise<void>): Promise<void> => {
    const answer = await book.ask(holder);
    if (!answer.granted) throw postponedBy(answer);
    noted.power = 'on';
    try {
      await switchOn();
    } finally {
      // Also when it failed: the machine may be starting.
      if (answer.draw) {
        await book.settle(holder, answer.draw.inrushSeconds).catch((cause: unknown) => book.notSettled(holder, cause));
      }
    }
  };

  return {
    ...bmc,
    power,
    async setPower(action) {
      if (action === 'off' || action === 'graceful_off') {
        await bmc.setPower(action);
        seen = 'off';
        return note('off');
      }
      // A machine that is on draws no inrush; a reboot is off, a rest, and on.
      const isOn = action === 'on' && (seen ?? (await power())) === 'on';
      if (isOn) {
        await bmc.setPower(action);
        return book.foundOn(holder);
      }
      await granted(() => bmc.setPower(action));
      seen = 'on';
    },
  };
}

function postponedBy({ rackName, since, wait }: Extract<PowerAnswer, { granted: false }>): Postponed {
  const { why, circuit, askedAmps, freeAmps, nextFreeAt } = wait;
  const of = circuit === undefined ? {} : { [circuit.kind === 'feed' ? 'feed' : 'rackBudget']: circuit.name };
  const next = nextFreeAt === undefined || !Number.isFinite(nextFreeAt) ? null : new Date(nextFreeAt).toISOString();
  const facts = { rack: rackName, ...of, why, askedAmps: rounded(askedAmps), freeAmps: rounded(freeAmps), nextFreeAt: next };
  return new Postponed({ code: 'power_budget', facts, since, unblockedBy: FREED_BY[why] }, LOOK_AGAIN_MS);
}

const rounded = (amps: number): number => Math.round(amps * 100) / 100;
