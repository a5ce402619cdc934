// How much power a server draws, running and while it starts, as its hardware model says or as we assume.

/** Amperes are those of a name plate, at its own voltage. */
export type ElectricLoad = { watts: number } | { amps: number; volts: number };

export type PowerDraw = {
  steady: ElectricLoad;
  /** While it starts: charging its supplies, fans at full speed, self-test. */
  inrush: ElectricLoad;
  inrushSeconds: number;
};

/** Of a server whose hardware model is unknown or says nothing: a middling two-socket machine. */
export const ASSUMED_DRAW: PowerDraw = { steady: { watts: 350 }, inrush: { watts: 600 }, inrushSeconds: 5 };

export type Watts = { steady: number; inrush: number; inrushSeconds: number };

export function wattsOf(load: ElectricLoad): number {
  return 'watts' in load ? load.watts : load.amps * load.volts;
}

/** A start draws at least what running draws, whatever was entered. */
export function drawInWatts({ steady, inrush, inrushSeconds }: PowerDraw): Watts {
  const running = wattsOf(steady);
  return { steady: running, inrush: Math.max(running, wattsOf(inrush)), inrushSeconds };
}
