// Ways in which real BMCs differ, to be switched on one simulated BMC at a time.

export type RedfishPersonality = {
  /** Sessions at once; iDRAC has been seen with 8. */
  sessionCap: number;
  /** Without: Basic only, and no SessionService in the root. */
  sessions: boolean;
  /** A reset answers 202 and a task to follow. */
  resetAsTask: boolean;
  /** Reset types only in an ActionInfo document, not in the action (Supermicro X13, AMI, OpenBMC). */
  actionInfoOnly: boolean;
  /** `required`: PATCH without If-Match is 428 (Lenovo XCC, Huawei iBMC). */
  ifMatch: 'checked' | 'required';
  /** `conflict`: a reset to the present state is 409 (Dell, iLO). */
  sameState: 'accepted' | 'conflict';
  /** What BootSourceOverrideEnabled takes besides Disabled. */
  overrides: readonly ('Once' | 'Continuous')[];
  /** Boot is read at the system and written at its settings object (iDRAC10, DGX). */
  bootInSettings: boolean;
  /** `old`: IndicatorLED only (iLO5, Intel). */
  led: 'both' | 'old';
};

export const PLAIN_BMC: RedfishPersonality = {
  sessionCap: 8,
  sessions: true,
  resetAsTask: false,
  actionInfoOnly: false,
  ifMatch: 'checked',
  sameState: 'accepted',
  overrides: ['Once', 'Continuous'],
  bootInSettings: false,
  led: 'both',
};
