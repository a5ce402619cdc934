// The ladder of remedies, from the mildest to a person; a server climbs it one rung at a time.
// docs/health.md is written from this table.

type RungRow = {
  /** Who does it: nobody yet, the workflow, or whoever the controller hands the server to. */
  by: 'controller' | 'remediate-server' | 'escalate';
  means: string;
};

/** In the order in which they are climbed. */
export const LADDER = {
  observe: { by: 'controller', means: 'nothing is done; the signal is shown' },
  restart_software: {
    by: 'remediate-server',
    means:
      'kubelet and container runtime are restarted where something on the machine can be asked to; else this rung says so and is passed',
  },
  power_cycle: {
    by: 'remediate-server',
    means: 'the machine is fenced (off, proven), its volumes are let go, and it is switched on',
  },
  power_cycle_bmc_reset: {
    by: 'remediate-server',
    means: 'once more, and while the machine is off its BMC is restarted as well',
  },
  hardware_check: { by: 'remediate-server', means: 'the BMC is asked what is broken: its event log and its parts' },
  reimage: { by: 'escalate', means: 'the same machine is installed again; once a day at most, then the next rung' },
  replace: { by: 'escalate', means: 'a spare takes over, and a work order is opened for this machine' },
  person: { by: 'escalate', means: 'somebody has to look' },
} as const satisfies Record<string, RungRow>;

export type Rung = keyof typeof LADDER;

export const RUNGS = Object.keys(LADDER) as readonly Rung[];

/** Is `rung` climbed by who begins at `first`? */
export function reaches(first: Rung, rung: Rung): boolean {
  return RUNGS.indexOf(rung) >= RUNGS.indexOf(first);
}

/** The higher of two. */
export function higher(one: Rung, other: Rung): Rung {
  return reaches(one, other) ? other : one;
}
