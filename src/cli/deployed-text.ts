import { namedSteps } from '../aws/stack/named-steps.js';
import type { CopyStep, Declaration } from '../declare/declaration.js';
import type { ConnectionCount } from '../flow/deployed-connections.js';
import type { DeployedForecast } from '../flow/deployed-forecast.js';
import { copySteps } from '../flow/scope.js';
import { count, dollarsText, durationText } from './text.js';

/** What the servers of connections say of themselves: `max_connections`, by connection. */
export type ConnectionLimits = ReadonlyMap<string, number>;

/** How many connections functions have open at once, against what the server takes: a line for each database. */
export function connectionLines(
  counts: readonly ConnectionCount[],
  limits: ConnectionLimits,
): readonly string[] {
  return counts.map(({ connection, most, perShard, terms }) => {
    const limit = limits.get(connection);
    const each = perShard ? ' for each shard of the stream' : '';
    const taken = limit === undefined ? 'what its server takes is not known' : `its server takes ${limit}`;
    const beyond =
      limit !== undefined && most > limit
        ? '; that is too many: lower `parallel`, or let fewer steps run side by side'
        : '';
    const plural = most === 1 ? 'connection' : 'connections';
    return `${connection}: at most ${most} ${plural} at once${each}, ${taken} (${terms.join(' + ')})${beyond}`;
  });
}

/** The same for programs. */
export function connectionEvent(count: ConnectionCount, limits: ConnectionLimits): object {
  return { event: 'connections', ...count, limit: limits.get(count.connection) };
}

/** What a deployed copy is likely to take: a line, where a server says how many rows there are. */
export function forecastLines({ step, parts, functions, size }: DeployedForecast): readonly string[] {
  if (size === undefined) return [];
  const { seconds, boundBy, calls, dollars } = size;
  const { units, functions: compute, transitions, journal } = dollars;
  const sum = dollarsText(units + compute + transitions + journal);
  const [many, at, called] = [
    parts === 1 ? '1 part' : `${count(parts)} parts`,
    functions === 1 ? '1 function' : `${functions} functions`,
    calls === 1 ? '1 call' : `${count(calls)} calls`,
  ];
  return [
    `${step}: ${many} by ${at} at once, ${called}, at least ${durationText(seconds)} (${boundBy}), about ${sum} (us-east-1): ${dollarsText(units)} for units of tables, ${dollarsText(compute)} for functions, ${dollarsText(transitions)} for transitions, at most ${dollarsText(journal)} for the journal`,
  ];
}

/** The same for programs. */
export function forecastEvent({ path: _path, ...forecast }: DeployedForecast): object {
  return { event: 'forecast', ...forecast };
}

/** How the functions' work differs from a run on one machine. */
export function differenceLines(declaration: Declaration): readonly string[] {
  return [...readingLines(declaration), ...proxyLines(declaration), ...verifyLines(declaration)];
}

function readingLines({ steps, connections }: Declaration): readonly string[] {
  const all = copySteps(steps).filter(({ from }) => connections[from.connection]?.kind === 'mysql');
  const named = (some: readonly CopyStep[]) => some.map(({ name }) => name).join(', ');
  const queries = all.filter(({ from }) => from['query'] !== undefined);
  const whole = all.filter((step) => !queries.includes(step) && step.from['consistency'] === 'snapshot');
  const shared = all.filter((step) => !queries.includes(step) && !whole.includes(step));
  return [
    ...(shared.length === 0
      ? []
      : [
          `${named(shared)}: read with \`consistency: part\`: each function reads its share of the table in a snapshot of its own, so that rows which change meanwhile may be of different moments (sluice run: one snapshot of all)`,
        ]),
    ...(whole.length === 0
      ? []
      : [
          `${named(whole)}: one function reads all, in one snapshot for as long as a call lasts (14 minutes); the next call goes on in another`,
        ]),
    ...(queries.length === 0
      ? []
      : [
          `${named(queries)}: one function reads the query, which nobody can go on with: it has to end within one call (14 minutes)`,
        ]),
  ];
}

function proxyLines({ deploy }: Declaration): readonly string[] {
  return Object.entries(deploy?.proxy ?? {}).map(
    ([connection, host]) =>
      `${connection}: functions connect to ${host}; session settings and temporary tables pin each of these connections to one of the database's until it is closed, so that they are counted there one by one; rows go by INSERT, since nothing is known of LOAD DATA LOCAL through a proxy`,
  );
}

function verifyLines({ steps }: Declaration): readonly string[] {
  const names = namedSteps(steps).flatMap(({ kind, name }) => (kind === 'verify' ? [name] : []));
  if (names.length === 0) return [];
  return [
    `${names.join(', ')}: one call compares it all, and has to end within 14 minutes and 512 MB of disk; \`sample\` compares some rows`,
  ];
}
