// Where a server goes when its record is closed.

export const RETIREMENTS = ['returned_to_vendor', 'scrapped', 'repaired_elsewhere'] as const;
export type Retirement = (typeof RETIREMENTS)[number];
