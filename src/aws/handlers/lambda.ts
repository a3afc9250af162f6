import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Connector } from '../../connectors/connector.js';
import { SluiceError } from '../../errors.js';
import { isStateAddress, parseStateAddress } from '../../journal/aws/state-address.js';
import { FolderState } from '../../journal/files/folder-state.js';
import type { PipelineState } from '../../journal/state.js';
import { unpacked } from '../code/unpack.js';
import type { Works } from './deployed.js';
import { type Handler, handlerOf } from './handler.js';

/** What a function's own module says of it. */
export interface FunctionParts {
  /** `import.meta.url` of the function; `pipeline.json` and what it names lie beside it. */
  readonly here: string;
  readonly works: Works;
  /** Those that its step uses, by the kinds of connections. */
  readonly connectors: Readonly<Record<string, Connector>>;
  /** What the declaration exports, where it is a program with functions. */
  readonly program?: unknown;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The handler of a function whose folder is complete in itself. */
export function lambdaHandler({ here, works, connectors, program }: FunctionParts): Handler {
  return handlerOf(async () => {
    const folder = dirname(fileURLToPath(here));
    const declaration = unpacked(await readFile(join(folder, 'pipeline.json'), 'utf8'), folder, program);
    const { env } = process;
    const state = await stateOf(declaration.pipeline, env);
    return {
      declaration,
      env,
      state,
      load: async (kind) => {
        const connector = connectors[kind];
        if (!connector) throw new SluiceError('unsupported', `this function has no connector for ${kind}`);
        return connector;
      },
    };
  }, works);
}

/** Where `SLUICE_STATE` says. What steps need while they run lies below the only folder that a function may write. */
async function stateOf(pipeline: string, env: Environment): Promise<PipelineState> {
  const address = env['SLUICE_STATE'] ?? '';
  if (address === '')
    throw new SluiceError('env_missing', 'the environment variable SLUICE_STATE is not set');
  if (!isStateAddress(address)) return new FolderState(address, pipeline);
  const { TableState } = await import('../../journal/aws/table-state.js');
  return new TableState({
    place: parseStateAddress(address),
    pipeline,
    local: join(tmpdir(), 'sluice'),
    env,
  });
}
