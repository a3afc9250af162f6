/**
 * What a snapshot and its export are called: `PREFIX-YYYY-mm-dd-HH-MM` of the moment that the run acts for, in UTC. Where that is
 * taken, or has failed, the seconds of the present moment are added: every name is noted in the journal before it is used.
 */
export function exportName(
  prefix: string,
  firingTime: string,
  used: readonly string[],
  nowMs: number = Date.now(),
): string {
  const first = `${prefix}-${stamp(firingTime, 'minutes')}`;
  if (!used.includes(first)) return first;
  for (let ms = nowMs; ; ms += 1000) {
    const name = `${prefix}-${stamp(new Date(ms).toISOString(), 'seconds')}`;
    if (!used.includes(name)) return name;
  }
}

function stamp(instant: string, to: 'minutes' | 'seconds'): string {
  return instant.slice(0, to === 'minutes' ? 16 : 19).replaceAll(/[T:]/g, '-');
}
