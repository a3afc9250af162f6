import { type ConnectionKinds, registrationOf } from './connections.js';
import type { CopyStep } from './declaration.js';
import type { DocumentPath } from './document-path.js';
import { kindOfConnection } from './ends.js';
import type { Report } from './report.js';
import { isMapping } from './unsupported.js';

type Mapping = Readonly<Record<string, unknown>>;

/** Modes that say something of all rows together: nobody behind a queue knows when those are there. */
const wholeModes: Readonly<Record<string, string>> = {
  mirror: 'deletes what did not come, and behind a queue nobody knows what is still to come',
  replace: 'swaps the table once all rows are there, and behind a queue nobody knows when that is',
  append: 'adds a row for each message, and a queue may deliver a message twice',
};

/** What is wrong with a copy that goes through a queue. */
export function checkVia(step: Mapping, path: DocumentPath, kinds: ConnectionKinds, report: Report): void {
  const { via, from, to } = step;
  if (via === undefined || !isMapping(via)) return;
  checkConnection(via['connection'], [...path, 'via'], kinds, report, queue);
  const source = isMapping(from) ? from : {};
  const sink = isMapping(to) ? to : {};
  const { mode } = sink;
  const why = typeof mode === 'string' ? wholeModes[mode] : undefined;
  if (why !== undefined) {
    const message = `\`mode: ${mode}\` ${why}`;
    const hint = 'put, insert, update, newest or upsert; or leave `via` out';
    report.add([...path, 'to', 'mode'], { code: 'conflict', message, hint });
  }
  if (sink['duplicates'] === 'last') {
    const message = '`duplicates: last` needs rows in their order, which a queue does not keep';
    report.add([...path, 'to', 'duplicates'], {
      code: 'conflict',
      message,
      hint: 'name a key that is unique',
    });
  }
  if (source['tables'] !== undefined) {
    const message = 'a queue is of one table: messages of many would be told apart by nothing';
    const hint = 'a step with a queue of its own for each table; or leave `via` out';
    report.add([...path, 'from', 'tables'], { code: 'conflict', message, hint });
  }
}

/** What is wrong with a replicate that goes through a delivery stream. */
export function checkDelivery(
  step: Mapping,
  path: DocumentPath,
  kinds: ConnectionKinds,
  report: Report,
): void {
  const { via, to } = step;
  if (via === undefined || !isMapping(via)) return;
  checkConnection(via['connection'], [...path, 'via'], kinds, report, delivery);
  if (!isMapping(to) || to['mode'] !== 'mirror') return;
  const message = '`mode: mirror` needs changes in their order, which a delivery stream does not keep';
  const hint = 'leave `via` out, or use append';
  report.add([...path, 'to', 'mode'], { code: 'conflict', message, hint });
}

/** What lies between the ends of a step. */
interface Between {
  readonly is: 'queues' | 'delivers';
  readonly noun: string;
  readonly hint: string;
}

const queue: Between = {
  is: 'queues',
  noun: 'queue',
  hint: 'a queue lies between the ends: { kind: sqs, queue: NAME }',
};
const delivery: Between = {
  is: 'delivers',
  noun: 'delivery stream',
  hint: 'a delivery stream lies between changes and their sink: { kind: firehose }',
};

function checkConnection(
  name: unknown,
  path: DocumentPath,
  kinds: ConnectionKinds,
  report: Report,
  { is, noun, hint }: Between,
): void {
  if (typeof name !== 'string') return;
  const kind = kindOfConnection(name, path, kinds, report);
  if (kind === undefined || registrationOf(kind)[is]) return;
  const message = `"${name}" is a connection of kind ${kind}, which is no ${noun}`;
  report.add([...path, 'connection'], { code: 'wrong_value', message, hint });
}

/** Each queue is of one step: a receiver sets aside what another step sent. `owners`: queues with their steps so far. */
export function claimQueue(
  { name, via }: Pick<CopyStep, 'name' | 'via'>,
  path: DocumentPath,
  owners: Map<string, string>,
  report: Report,
): void {
  if (!via) return;
  const owner = owners.get(via.connection);
  if (owner === undefined) owners.set(via.connection, name);
  else {
    const message = `the step ${owner} has this queue already`;
    const hint = 'a queue of its own for each step: the receiver of one sets aside what another sent';
    report.add([...path, 'via', 'connection'], { code: 'conflict', message, hint });
  }
}
