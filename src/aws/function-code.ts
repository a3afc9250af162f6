import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CopyStep, Declaration, ExportStep, NamedStep, ReplicateStep } from '../declare/declaration.js';
import { SluiceError } from '../errors.js';
import { bundleFunction, bundleProgram, type FunctionShape } from './code/bundle-function.js';
import { deployedForm, packed } from './code/pack.js';
import { receivingForm } from './code/receiving-form.js';
import type { DeliveryStage } from './delivery-stages.js';
import { namedSteps } from './stack/named-steps.js';
import type { FunctionPart, MakeCode } from './synthesize.js';

/** By the kinds of connections. */
const connectors: FunctionShape['connectors'] = new Map([
  ['mysql', { module: 'mysql', name: 'mysql' }],
  ['dynamodb', { module: 'dynamodb', name: 'dynamodb' }],
  ['s3', { module: 'files', name: 's3' }],
  ['rds', { module: 'rds', name: 'rds' }],
  ['sqs', { module: 'sqs', name: 'sqs' }],
  ['firehose', { module: 'firehose', name: 'firehose' }],
]);

/** The files of a function, by their names. */
export interface Code {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Of all files that Lambda loads: not the maps. */
  readonly bytes: number;
  /** SHA-256 of it all, hex digits. */
  readonly hash: string;
}

/**
 * The code of a step's function, or of the run's where no step is given: complete in itself, the same bytes each time. `part`: of
 * a copy through a queue, `receive` is what receives; of a replicate through a delivery stream, which of its functions.
 */
export async function codeOf(
  declaration: Declaration,
  step: NamedStep | undefined,
  part?: FunctionPart,
): Promise<Code> {
  const receives = part === 'receive' && step?.kind === 'copy';
  const isPlain = receives || part === 'forward';
  const program = declaration.code !== undefined && step?.kind !== undefined && !isPlain;
  const [index, pipeline, own] = await Promise.all([
    bundleFunction(partShape(declaration, step, part, program)),
    packed(receives ? receivingForm(declaration, step) : deployedForm(declaration)),
    program ? bundleProgram(declaration.file) : new Map<string, Uint8Array>(),
  ]);
  // Key lists are for whoever reads by them.
  const files = new Map<string, Uint8Array>([
    ...index,
    ...own,
    ['pipeline.json', Buffer.from(pipeline.text)],
    ...(step ? pipeline.files : []),
  ]);
  const inOrder = new Map([...files].sort(([one], [other]) => (one < other ? -1 : 1)));
  const hash = createHash('sha256');
  for (const [name, bytes] of inOrder) hash.update(JSON.stringify([name, bytes.length])).update(bytes);
  const loaded = [...inOrder].filter(([name]) => !name.endsWith('.map'));
  return {
    files: inOrder,
    bytes: loaded.reduce((sum, [, { length }]) => sum + length, 0),
    hash: hash.digest('hex'),
  };
}

/** The same in a folder that goes when the program ends. */
export const functionCode: MakeCode = async (declaration, step, part) => {
  const { files, bytes, hash } = await codeOf(declaration, step, part);
  const folder = await mkdtemp(join(tmpdir(), 'sluice-code-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const name = step ? `${part ?? 'step'} ${step.name}` : 'run';
  return { hash, folder, bytes, handler: 'index.handler', name };
};

/** By the kinds of steps: the module with what their functions can do. */
const works: Readonly<Partial<Record<NamedStep['kind'], FunctionShape['works']>>> = {
  copy: { module: 'copy-works', name: 'copyWorks' },
  verify: { module: 'verify-works', name: 'verifyWorks' },
  export: { module: 'export-works', name: 'exportWorks' },
  replicate: { module: 'follow-works', name: 'followWorks' },
};

const stageWorks: Readonly<Record<DeliveryStage, FunctionShape['works']>> = {
  forward: { module: 'forward-works', name: 'forwardWorks' },
  transform: { module: 'transform-works', name: 'transformWorks' },
  load: { module: 'load-works', name: 'loadWorks' },
};

function partShape(
  declaration: Declaration,
  step: NamedStep | undefined,
  part: FunctionPart | undefined,
  program: boolean,
): FunctionShape {
  if (part === 'receive' && step?.kind === 'copy') return receivingShape(declaration, step);
  if (part !== undefined && part !== 'receive' && step?.kind === 'replicate')
    return stageShape(declaration, step, part, program);
  return shapeOf(declaration, step, program);
}

/** Of a replicate through a delivery stream: whoever forwards knows no rows, and whoever loads reads a bucket. */
function stageShape(
  declaration: Declaration,
  { from, to, via, checks }: ReplicateStep,
  stage: DeliveryStage,
  program: boolean,
): FunctionShape {
  const used: Readonly<Record<DeliveryStage, readonly string[]>> = {
    forward: via ? [via.connection] : [],
    transform: [from.connection],
    load: [from.connection, to.connection],
  };
  const kinds = connectorsOf(declaration, used[stage]);
  return {
    works: stageWorks[stage],
    connectors: stage === 'load' ? new Map([...kinds, ...bucketConnector]) : kinds,
    checks: stage !== 'forward' && checks !== undefined,
    program,
  };
}

const bucketConnector = [...connectors].filter(([kind]) => kind === 's3');

function shapeOf(declaration: Declaration, step: NamedStep | undefined, program: boolean): FunctionShape {
  if (!step) {
    const own = { module: 'run-works', name: 'runWorks' };
    return { works: own, connectors: new Map(), checks: false, program: false };
  }
  const own = works[step.kind];
  if (!own) throw new SluiceError('unsupported', `${step.name}: such a step has no function`);
  const moves = movesOf(declaration, step);
  const names = step.kind === 'export' ? endsOfExport(step) : moves.flatMap((move) => endsOf(move, step));
  return {
    works: own,
    connectors: connectorsOf(declaration, names),
    checks: moves.some(({ checks }) => checks !== undefined),
    program,
  };
}

/** What it writes was mapped, checked and masked before it was sent. */
function receivingShape(declaration: Declaration, { via, to }: CopyStep): FunctionShape {
  return {
    works: { module: 'receive-works', name: 'receiveWorks' },
    connectors: connectorsOf(declaration, [...(via ? [via.connection] : []), to.connection]),
    checks: false,
    program: false,
  };
}

function connectorsOf(declaration: Declaration, names: readonly string[]): FunctionShape['connectors'] {
  const kinds = new Set<string>(names.flatMap((name) => declaration.connections[name]?.kind ?? []));
  return new Map([...connectors].filter(([kind]) => kinds.has(kind)));
}

/** What a function reads and writes: of a verification, the copies that it compares. */
function movesOf({ steps }: Declaration, step: NamedStep): readonly (CopyStep | ReplicateStep)[] {
  if (step.kind === 'copy' || step.kind === 'replicate') return [step];
  if (step.kind !== 'verify') return [];
  return namedSteps(steps).flatMap((each) =>
    each.kind === 'copy' && step.of.includes(each.name) ? [each] : [],
  );
}

/** Of a copy through a queue its own function only sends; whoever verifies compares both ends. */
function endsOf({ kind, from, via, to }: CopyStep | ReplicateStep, step: NamedStep): readonly string[] {
  const sink = kind === 'copy' && step.kind === 'copy' && via ? via : to;
  const { keys } = from;
  const list =
    typeof keys === 'object' && keys !== null && 'connection' in keys ? [String(keys.connection)] : [];
  return [from.connection, sink.connection, ...list];
}

function endsOfExport({ from, to, count }: ExportStep): readonly string[] {
  return [from.connection, to.connection, ...(count ? [count.connection] : [])];
}
