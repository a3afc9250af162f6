/** Work that is begun before anybody waits for it: its failure is kept until it is asked for. */
export type Settled<T> = Promise<{ readonly value: T } | { readonly error: unknown }>;

export function settled<T>(work: Promise<T>): Settled<T> {
  return work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

export async function opened<T>(result: Settled<T>): Promise<T> {
  const outcome = await result;
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}
