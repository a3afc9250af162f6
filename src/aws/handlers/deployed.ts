import type { Declaration } from '../../declare/declaration.js';
import type { LoadConnector } from '../../flow/connections.js';
import type { PipelineState } from '../../journal/state.js';
import type { FunctionTime } from './function-time.js';
import type { Log } from './log.js';

/** What a function has: its pipeline, and where its state lies. */
export interface Deployed {
  readonly declaration: Declaration;
  readonly state: PipelineState;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly load: LoadConnector;
}

/** What a state machine asks a function for (flow/asl/invocation.ts). */
export interface Asked {
  readonly do: string;
  readonly [field: string]: unknown;
}

/** One thing that a function can be asked for. Gives plain JSON. */
export type Work = (deployed: Deployed, asked: Asked, about: WorkAbout) => Promise<object>;

export interface WorkAbout {
  readonly time: FunctionTime;
  readonly log: Log;
}

export type Works = Readonly<Record<string, Work>>;
