import { dirname, join, resolve } from 'node:path';
import { functionCode } from '../../aws/function-code.js';
import { standIn } from '../../connectors/aws-credentials.js';
import { loadDeclaration } from '../../declare/load.js';
import { SluiceError } from '../../errors.js';
import { exitStatus } from '../exit-status.js';
import type { HalfOption } from '../half-option.js';
import type { Io } from '../io.js';
import { synthDeclaration } from '../synth-declaration.js';
import { deployPlace } from './deploy-place.js';
import type { DeployOptions, PlaceOptions } from './stack-options.js';

/**
 * The folder of the assembly that is named, or of one that is made of the declaration. Gives an exit status where that is refused;
 * why has been said then.
 */
export async function assemblyFor(
  file: string | undefined,
  io: Io,
  options: PlaceOptions & HalfOption & DeployOptions & { readonly assembly?: string },
): Promise<{ readonly folder: string } | { readonly status: number }> {
  if ((file === undefined) === (options.assembly === undefined)) {
    throw new SluiceError('usage', 'either a declaration or --assembly says what', {
      hint: 'sluice deploy orders.yaml, or sluice deploy --assembly cdk.out',
    });
  }
  if (file === undefined) return { folder: resolve(io.cwd, options.assembly ?? '') };
  const declaration = await loadDeclaration(file, { env: io.env, cwd: io.cwd });
  const out = join(dirname(declaration.file), 'cdk.out');
  const json = options.json === true;
  const place = await deployPlace(io, options);
  const status = await synthDeclaration(
    declaration,
    besides({ ...io, env: withStandIns(io.env, options) }, json),
    { ...place, out, json, offline: options.offline, only: options.only },
    functionCode,
  );
  return status === exitStatus.complete ? { folder: out } : { status };
}

/** Whoever deploys plans in other accounts as themselves: the roles there are the functions', and may not be there yet. */
function withStandIns(env: Io['env'], { profile, assume }: DeployOptions): Io['env'] {
  const profiles = [...(profile ?? [])].map(([account, name]) => [standIn.profile(account), name]);
  const roles = [...(assume ?? [])].map(([account, arn]) => [standIn.role(account), arn]);
  return { ...env, ...Object.fromEntries([...profiles, ...roles]) };
}

/** What is written is not what the command was asked for: people read it beside, and there is one summary. */
function besides(io: Io, json: boolean): Io {
  if (!json) return { ...io, out: io.err };
  return {
    ...io,
    out: (line) => {
      if (!/^\{"event":"(?:summary","outcome":"written|stack")/.test(line)) io.out(line);
    },
  };
}
