import { type Registration, registry } from '../../src/connectors/registry.js';
import type { ContractCases } from './cases.js';
import { dynamodbCases } from './dynamodb-cases.js';
import { filesCases } from './files-cases.js';
import { mysqlCases } from './mysql-cases.js';
import { sqsCases } from './sqs-cases.js';

/** By kind of connection. A kind of the registry that is missing here fails the contract by name. */
export const allCases: Readonly<Record<string, Partial<ContractCases>>> = {
  mysql: mysqlCases,
  dynamodb: dynamodbCases,
  files: filesCases,
  sqs: sqsCases,
};

const kinds: readonly (readonly [string, Registration])[] = Object.entries(registry);

/** A bucket is read and written by the code of a folder, over a store that has its own contract. */
const storeKinds: ReadonlySet<string> = new Set(['s3']);

export const kindsWithSources = kinds.flatMap(([kind, { source }]) =>
  source && !storeKinds.has(kind) ? [kind] : [],
);
/** Files are written as whole exports, and not row by row: their sink has tests of its own. */
const exportKinds: ReadonlySet<string> = new Set(['files', 's3']);

export const kindsWithSinks = kinds.flatMap(([kind, { sink }]) =>
  sink && !exportKinds.has(kind) ? [kind] : [],
);
/** Kinds that lie between the ends. */
export const queueKinds = kinds.flatMap(([kind, { source, sink }]) => (source || sink ? [] : [kind]));
