import type * as z from 'zod';
import type { Connector } from './connector.js';
import { rules as dynamodbRules } from './dynamodb/option-rules.js';
import * as dynamodb from './dynamodb/options.js';
import { rules as fileRules } from './files/option-rules.js';
import * as files from './files/options.js';
import * as s3 from './files/stores/bucket-options.js';
import { rules as firehoseRules } from './firehose/option-rules.js';
import * as firehose from './firehose/options.js';
import { rules as mysqlRules } from './mysql/option-rules.js';
import * as mysql from './mysql/options.js';
import type { OptionRules } from './option-rules.js';
import { rules as rdsRules } from './rds/option-rules.js';
import * as rds from './rds/options.js';
import { rules as sqsRules } from './sqs/option-rules.js';
import * as sqs from './sqs/options.js';

/** What the declaration and the engine need to know of a kind of connection before its code is loaded. */
export interface Registration {
  /** For people: `MySQL`. */
  readonly title: string;
  /** Schemas of a connection, of `from` and of `to` (strict objects; `connection` included). */
  readonly connection: z.ZodType;
  /** Absent where nothing is read from the kind, or written to it. */
  readonly source?: z.ZodType;
  readonly sink?: z.ZodType;
  /** What the schemas cannot say: which fields need or exclude each other. */
  readonly rules: OptionRules;
  /** Its tables' changes can be followed: `Connection.feed`. */
  readonly feeds?: true;
  /** What a load of changes into it holds at most, where `to.load` does not say. Absent: what a database takes at once. */
  readonly changeLoad?: { readonly rows: number; readonly bytes: number; readonly seconds: number };
  /** It lies between the ends of a copy (`via`): `Connection.queue`. */
  readonly queues?: true;
  /** It lies between changes and their sink (`via`) where a pipeline is deployed: `Connection.delivery`. */
  readonly delivers?: true;
  load(): Promise<Connector>;
}

/** One line per connector. Options are light and loaded at once; the connector itself only when used. */
export const registry = {
  mysql: { ...mysql, rules: mysqlRules, load: async () => (await import('./mysql/index.js')).mysql },
  dynamodb: {
    ...dynamodb,
    rules: dynamodbRules,
    feeds: true,
    load: async () => (await import('./dynamodb/index.js')).dynamodb,
  },
  files: { ...files, rules: fileRules, load: async () => (await import('./files/index.js')).files },
  s3: {
    ...s3,
    source: files.source,
    sink: files.sink,
    changeLoad: files.changeLoad,
    rules: fileRules,
    load: async () => (await import('./files/index.js')).s3,
  },
  rds: { ...rds, rules: rdsRules, load: async () => (await import('./rds/index.js')).rds },
  sqs: {
    ...sqs,
    rules: sqsRules,
    queues: true,
    load: async () => (await import('./sqs/index.js')).sqs,
  },
  firehose: {
    ...firehose,
    rules: firehoseRules,
    delivers: true,
    load: async () => (await import('./firehose/index.js')).firehose,
  },
} as const satisfies Record<string, Registration>;

export type ConnectionKind = keyof typeof registry;
