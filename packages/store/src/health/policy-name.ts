// By which name the health policy asks for what it begins: operations, work orders and replacements say so.

export const HEALTH_POLICY_NAME = 'health policy';
/** What follows from it (a replacement begins operations) is asked for in brackets. */
export const OF_HEALTH_POLICY = `%${HEALTH_POLICY_NAME}%`;
