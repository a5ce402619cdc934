// Puts together what many ask for at once, so that it costs one round trip: what comes while one is under way goes with the next.

export type GatherOptions<Item, Answer> = {
  /** Answers in the order of the items; undefined: this one must be done alone. */
  together(items: readonly Item[]): Promise<readonly (Answer | undefined)[]>;
  /** Waits for whatever is in the way, and holds up nobody else. */
  alone(item: Item): Promise<Answer>;
  /** True when doing each alone would end the same way. */
  hopeless(error: unknown): boolean;
  /** Most that go together. */
  most: number;
};

type Waiting<Item, Answer> = { item: Item; resolve(answer: Answer | Promise<Answer>): void; reject(error: unknown): void };

/**
 * One round at a time, none empty: whoever asks waits for at most the round that is under way and those before it in the line. An item
 * that spoils a round spoils only itself.
 */
export function gather<Item, Answer>(options: GatherOptions<Item, Answer>): (item: Item) => Promise<Answer> {
  const line: Waiting<Item, Answer>[] = [];
  let running = false;

  const runRounds = async (): Promise<void> => {
    running = true;
    while (line.length > 0) await oneRound(line.splice(0, options.most), options);
    running = false;
  };
  return (item) =>
    new Promise<Answer>((resolve, reject) => {
      line.push({ item, resolve, reject });
      if (!running) void runRounds();
    });
}

async function oneRound<Item, Answer>(
  round: readonly Waiting<Item, Answer>[],
  { together, alone, hopeless }: GatherOptions<Item, Answer>,
): Promise<void> {
  let answers: readonly (Answer | undefined)[];
  try {
    answers = await together(round.map(({ item }) => item));
  } catch (error) {
    if (hopeless(error)) return round.forEach(({ reject }) => reject(error));
    answers = [];
  }
  round.forEach(({ item, resolve }, nth) => resolve(answers[nth] ?? alone(item)));
}
