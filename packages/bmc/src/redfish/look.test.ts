// Health as BMCs say it, and as they leave it out.
import { expect, test } from 'vitest';
import { healthOf } from './look.ts';

test.each([
  [{ Status: { State: 'Enabled', Health: 'OK' } }, 'ok'],
  [{ Status: { Health: 'OK', HealthRollup: 'Critical' } }, 'critical'],
  [{ Status: { Health: 'Warning', HealthRollup: null } }, 'warning'],
  [{ Status: { State: 'Starting', Health: null } }, 'unknown'],
  [{ Status: null }, 'unknown'],
  [{}, 'unknown'],
] as const)('%j is %s', (system, health) => expect(healthOf(system)).toBe(health));
