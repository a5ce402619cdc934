// What is known of a server's power, in SQL: the newer of what an operation ordered or saw and what the sweep of the fleet saw.

/** The aliases: p of server_power, k of bmc_readings. */
export const POWER_JOINS = `
  left join server_power p on p.server_id = s.id
  left join bmc_readings k on k.server_id = s.id and k.power in ('on', 'off', 'powering_on', 'powering_off')`;

const SWEPT_LATER = '(k.seen_at is not null and (p.power_at is null or k.seen_at > p.power_at))';

/** on, off or null. What is on its way off still draws. */
export const KNOWN_POWER = `case when ${SWEPT_LATER} then case k.power when 'off' then 'off' else 'on' end else p.power end`;
export const KNOWN_POWER_AT = `case when ${SWEPT_LATER} then k.seen_at else p.power_at end`;
