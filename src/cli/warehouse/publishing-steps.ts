import type { OrEnv } from '../../connectors/environment.js';
import { pathFrom } from '../../connectors/environment-value.js';
import {
  type ConnectionDeclaration,
  type CopyStep,
  type Declaration,
  type ExportStep,
  innerSteps,
  type Step,
} from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import { copySteps } from '../../flow/scope.js';
import type { Place } from '../../warehouse/exports.js';
import type { Io } from '../io.js';

export type PublishingStep = CopyStep | ExportStep;

/**
 * The steps that publish exports: copies into files, and exports. With a name only that one. Throws `usage` where there is
 * none.
 */
export function publishingSteps(
  declaration: Declaration,
  name: string | undefined,
): readonly PublishingStep[] {
  const all = [
    ...copySteps(declaration.steps).filter(({ to }) => isPlace(declaration.connections[to.connection]?.kind)),
    ...exportSteps(declaration.steps),
  ];
  const chosen = all.filter((step) => name === undefined || step.name === name);
  if (chosen.length > 0) return chosen;
  if (name !== undefined && all.length > 0) {
    throw new SluiceError('usage', `no step named ${name} writes files`, {
      hint: `these do: ${all.map((step) => step.name).join(', ')}`,
    });
  }
  throw new SluiceError('usage', 'no step of this pipeline writes files', {
    hint: 'a warehouse reads what a step writes to a connection of kind s3 or files',
  });
}

function exportSteps(steps: readonly Step[]): readonly ExportStep[] {
  return steps.flatMap((step) => [
    ...(step.kind === 'export' ? [step] : []),
    ...exportSteps(innerSteps(step)),
  ]);
}

function isPlace(kind: string | undefined): boolean {
  return kind === 's3' || kind === 'files';
}

/** Where the exports of a connection lie. */
export function placeOf(connection: ConnectionDeclaration | undefined, env: Io['env']): Place {
  if (connection?.kind === 'files') {
    return { kind: 'files', path: pathFrom(connection['path'] as OrEnv<string>, env) };
  }
  if (connection?.kind !== 's3')
    throw new Error('a step that publishes has a connection of kind s3 or files');
  const { bucket, prefix = '', region, endpoint } = connection;
  const folder = String(prefix).replace(/\/*$/, '/');
  return {
    kind: 's3',
    bucket: String(bucket),
    prefix: folder === '/' ? '' : folder,
    ...(typeof region === 'string' ? { region } : {}),
    ...(typeof endpoint === 'string' ? { endpoint } : {}),
  };
}
