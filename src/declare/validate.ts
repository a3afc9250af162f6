import { dirname } from 'node:path';
import type { Problem } from '../errors.js';
import { checkConnection, connectionKinds, withAbsolutePaths } from './connections.js';
import {
  type ConnectionDeclaration,
  type CopyStep,
  type Declaration,
  innerSteps,
  type ReplicateStep,
  type Step,
} from './declaration.js';
import { missingVariables } from './environment.js';
import { deepFreeze } from './freeze.js';
import { checked } from './issues.js';
import { withAbsoluteKeyLists } from './key-lists.js';
import type { RawDocument } from './raw-document.js';
import type { Report } from './report.js';
import { checkSchedule } from './schedule.js';
import { envelope } from './schema/envelope.js';
import { readSteps } from './steps.js';
import { isMapping } from './unsupported.js';
import { kindOf } from './wording.js';

export interface Validated {
  /** Absent when there are problems. */
  readonly declaration?: Declaration;
  /** All mistakes, in the order of their lines. */
  readonly problems: readonly Problem[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Checks a document that has been read against everything that can be known without opening a connection.
 * `file` is its absolute path, `name` what people call it.
 */
export async function validate(
  document: RawDocument,
  file: string,
  name: string,
  env: Environment,
): Promise<Validated> {
  const { value, report } = document;
  if (!isMapping(value)) {
    if (document.complete) sayNoMapping(document);
    return { problems: report.problems() };
  }
  const head = checked(envelope, value, [], report);
  const connections = checkConnections(value['connections'], document, file);
  const kinds = connectionKinds(value['connections']);
  const given = Array.isArray(value['steps']) ? value['steps'] : [];
  const { steps, schemas } = readSteps(given, kinds, value['connections'], report);
  if (schemas.length > 0) await (await import('./schemas.js')).readSchemas(schemas, dirname(file), report);
  if (value['maskKey'] === undefined) sayKeyless(steps, report);
  sayProxies(head?.deploy?.proxy ?? {}, value['connections'], report);
  sayEndless(steps, value['schedule'] !== undefined, report);
  const { schedule, notes } = checkSchedule(value['schedule'], report);
  const problems = report.problems().filter(({ code }) => document.complete || code !== 'missing_field');
  if (!head || problems.length > 0) return { problems };
  const missing = ['connections', 'maskKey'].flatMap((field) =>
    missingVariables(value, field, name, document.places, env),
  );
  const warnings = [...notes, ...missing];
  const uses = document.code !== undefined && steps.some(hasCode) ? { code: document.code } : {};
  const { pipeline, maskKey, deploy } = head;
  const declaration = {
    pipeline,
    file,
    connections,
    ...(schedule && { schedule }),
    ...(deploy && { deploy }),
    ...(maskKey && { maskKey }),
    steps: withAbsoluteKeyLists(steps, file),
    ...uses,
    warnings,
  };
  return { declaration: deepFreeze(declaration), problems };
}

/** A proxy stands before a server of a connection. */
function sayProxies(proxies: Readonly<Record<string, string>>, connections: unknown, report: Report): void {
  const declared = isMapping(connections) ? connections : {};
  for (const name of Object.keys(proxies)) {
    const options = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (isMapping(options) && options['kind'] === 'mysql') continue;
    report.add(['deploy', 'proxy', name], {
      code: 'unknown_connection',
      message: 'no connection of kind mysql has this name',
      hint: `a proxy is named for a connection: ${Object.keys(declared).join(', ')}`,
      at: 'key',
    });
  }
}

/** Only `redact` needs no key. */
function sayKeyless(steps: readonly Step[], report: Report): void {
  const keyed = steps.flatMap(keyedCopies)[0];
  if (!keyed) return;
  report.add([], {
    code: 'missing_field',
    message: `\`maskKey\` is missing: ${keyed.path}.mask makes masks with it`,
    hint: 'write maskKey: { env: MASK_KEY } at the top, and export MASK_KEY="$(openssl rand -hex 32)"',
  });
}

/** Where a step without an end makes no sense. That nothing may follow it depends on how it is run. */
function sayEndless(steps: readonly Step[], isScheduled: boolean, report: Report): void {
  const [endless] = steps.flatMap(replicates);
  if (endless && isScheduled) {
    report.add(['schedule'], {
      code: 'conflict',
      message: `${endless.name} follows changes without an end: there is nothing to begin again by a schedule`,
      hint: 'leave `schedule` out; to catch up now and then, let cron run `sluice run --drain`',
    });
  }
  const branches = steps.flatMap(allWithin).flatMap(({ onFailure }) => onFailure?.steps ?? []);
  for (const { name, path } of branches.flatMap(replicates)) {
    report.add(['steps'], {
      code: 'conflict',
      message: `${name} (${path}) has no end: it cannot be what follows a failure`,
      hint: 'give it a place of its own, or a pipeline',
    });
  }
  for (const [parallel, { name }] of steps.flatMap(allWithin).flatMap(passedOver)) {
    report.add(['steps'], {
      code: 'conflict',
      message: `${name} cannot be passed over with the branches of ${parallel.path}: a load that failed may be in the sink, and only the same run can go on behind it`,
      hint: 'say `then: stop`: the next run goes on where each branch stopped',
    });
  }
}

/** Replicates of branches whose failure would let the run go on, and end. */
function passedOver(step: Step): readonly (readonly [Step, ReplicateStep])[] {
  if (step.kind !== 'parallel' || step.onFailure?.then !== 'continue') return [];
  return step.branches
    .flat()
    .flatMap(replicates)
    .map((each) => [step, each] as const);
}

function allWithin(step: Step): readonly Step[] {
  return [step, ...innerSteps(step).flatMap(allWithin)];
}

function replicates(step: Step): readonly ReplicateStep[] {
  return allWithin(step).flatMap((each) => (each.kind === 'replicate' ? [each] : []));
}

function keyedCopies(step: Step): readonly (CopyStep | ReplicateStep)[] {
  const moves = step.kind === 'copy' || step.kind === 'replicate';
  const isKeyed = moves && Object.values(step.mask ?? {}).some((way) => way !== 'redact');
  return [...(isKeyed ? [step] : []), ...innerSteps(step).flatMap(keyedCopies)];
}

function sayNoMapping({ value, report }: RawDocument): void {
  const message =
    value === null || value === undefined
      ? 'the document is empty'
      : `expected a mapping, not ${kindOf(value)}`;
  const hint = 'a declaration has the fields pipeline, connections and steps; `sluice init batch` writes one';
  report.add([], { code: value === null ? 'missing_field' : 'wrong_type', message, hint });
}

function checkConnections(
  connections: unknown,
  { report }: RawDocument,
  file: string,
): Record<string, ConnectionDeclaration> {
  const entries = isMapping(connections) ? Object.entries(connections) : [];
  const right = entries.flatMap(([name, value]) => {
    const connection = checkConnection(value, ['connections', name], report);
    return connection ? [[name, withAbsolutePaths(connection, file)] as const] : [];
  });
  return Object.fromEntries(right);
}

function hasCode(step: Step): boolean {
  const own =
    ((step.kind === 'copy' || step.kind === 'replicate') && step.row !== undefined) ||
    (step.kind === 'call' && typeof step.run === 'function');
  return own || innerSteps(step).some(hasCode);
}
