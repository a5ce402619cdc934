// A time inside jsonb as all our answers spell it: there Postgres would use a spelling of its own.

/** ISO 8601 with milliseconds, in UTC. @param time  an expression of type timestamptz */
export const instantSql = (time: string): string => `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
