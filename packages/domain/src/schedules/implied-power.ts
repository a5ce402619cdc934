// Whether a server in a state is on or off; states that say nothing about it are not in the table.

const IMPLIED: Readonly<Record<string, 'on' | 'off'>> = { available: 'off', in_service: 'on', degraded: 'on', in_repair: 'off' };

/** Undefined: it may be either. */
export const impliedPower = (state: string): 'on' | 'off' | undefined =>
  Object.hasOwn(IMPLIED, state) ? IMPLIED[state] : undefined;
