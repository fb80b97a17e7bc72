/** What was made outside of this process and must be removed again. */
export interface Ledger {
  /** Notes what removes something that is about to be made. */
  owe(what: string, remove: () => Promise<void>): void;
  /**
   * Removes everything, the newest first. What cannot be removed does not stop the rest. A second call does nothing.
   *
   * @returns what could not be removed, and why.
   */
  settle(): Promise<readonly string[]>;
}

export function createLedger(): Ledger {
  const owed: { readonly what: string; readonly remove: () => Promise<void> }[] = [];
  return {
    owe: (what, remove) => owed.push({ what, remove }),
    async settle() {
      const kept: string[] = [];
      for (let entry = owed.pop(); entry !== undefined; entry = owed.pop()) {
        const { what, remove } = entry;
        await remove().catch((error: unknown) => kept.push(`${what}: ${String(Object(error).message)}`));
      }
      return kept;
    },
  };
}
