import type { Finding } from '../connectors/connector.js';
import type { CopyStep, ReplicateStep } from '../declare/declaration.js';
import type { World } from './scope.js';

/**
 * What a run could not go on with on another machine, where its state is one that all machines share: what it needs lies in
 * the scratch folder of the machine on which it began.
 */
export function copyStateFindings(world: World, step: CopyStep): readonly Finding[] {
  if (world.state.keepsScratch || world.readsOnly) return [];
  const keys = step.from['keys'] as string | { readonly file?: string } | undefined;
  const isInput = keys === '-' || (typeof keys === 'object' && keys.file === '-');
  return [
    ...(isInput ? [refused('a key list from standard input can be read once, on this machine')] : []),
    ...fileStateFindings(world, step.to),
  ];
}

/** Of steps of either kind that write files. */
export function fileStateFindings(world: World, { connection }: ReplicateStep['to']): readonly Finding[] {
  if (world.state.keepsScratch || world.readsOnly) return [];
  const kind = world.declaration.connections[connection]?.kind;
  if (kind === 'files') return [refused('files of a folder are written on this machine')];
  if (kind !== 's3') return [];
  const message =
    'rows are kept on this machine until their files are whole: only here can an interrupted run go on';
  return [{ level: 'warn', code: 'note', message }];
}

function refused(why: string): Finding {
  return {
    level: 'refuse',
    code: 'unsupported',
    message: `${why}, and the state is one that any machine may go on with`,
    hint: 'run it with a state in a folder (--state FOLDER)',
  };
}
