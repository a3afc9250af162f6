import type { z } from 'zod';
import type { Connector } from './connector.js';
import * as dynamodb from './dynamodb/options.js';
import * as mysql from './mysql/options.js';

/** What the declaration and the engine need to know of a kind of connection before its code is loaded. */
export interface Registration {
  /** For people: `MySQL`. */
  readonly title: string;
  /** Schemas of a connection, of `from` and of `to` (strict objects; `connection` included). */
  readonly connection: z.ZodType;
  readonly source: z.ZodType;
  readonly sink: z.ZodType;
  load(): Promise<Connector>;
}

/** One line per connector. Options are light and loaded at once; the connector itself only when used. */
export const registry = {
  mysql: { ...mysql, load: async () => (await import('./mysql/index.js')).mysql },
  dynamodb: { ...dynamodb, load: async () => (await import('./dynamodb/index.js')).dynamodb },
} as const satisfies Record<string, Registration>;

export type ConnectionKind = keyof typeof registry;
