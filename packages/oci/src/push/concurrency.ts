/** Runs a task when one of its places is free; tasks start in the order in which they were given. */
export type Lane = <Result>(task: () => Promise<Result>) => Promise<Result>;

/** A lane with `places` places. A task must not wait for another task of the same lane. */
export function createLane(places: number): Lane {
  const waiting: (() => void)[] = [];
  let free = places;
  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
