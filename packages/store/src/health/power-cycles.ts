// Which steps of operations are power cycles for the budget of a server's day: their history is the count, no counter can be lost.

/** Aliases o of operations, p of operation_steps. The step counts from when it was begun; the one that waits for a person is the same fence. */
export const IS_POWER_CYCLE = `o.type = 'remediate-server' and p.name like 'power it off to fence%' and p.name not like '%, or hear it%'`;
