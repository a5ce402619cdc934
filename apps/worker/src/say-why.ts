// Why something failed, for a log line: its message alone. What stands below it, its cause, may carry what was sent, secrets and all.

export function sayWhy(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
