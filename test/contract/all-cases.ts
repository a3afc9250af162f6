import { type Registration, registry } from '../../src/connectors/registry.js';
import type { ContractCases } from './cases.js';
import { dynamodbCases } from './dynamodb-cases.js';
import { bucketSinks, folderSinks } from './file-sink-cases.js';
import { filesCases } from './files-cases.js';
import { mysqlCases } from './mysql-cases.js';
import { sqsCases } from './sqs-cases.js';

/** By kind of connection. A kind of the registry that is missing here fails the contract by name. */
export const allCases: Readonly<Record<string, Partial<ContractCases>>> = {
  mysql: mysqlCases,
  dynamodb: dynamodbCases,
  files: { ...filesCases, sinks: folderSinks },
  s3: { sinks: bucketSinks },
  sqs: sqsCases,
};

const kinds: readonly (readonly [string, Registration])[] = Object.entries(registry);

/** A bucket is read by the code of a folder, over a store that has its own contract. */
const storeKinds: ReadonlySet<string> = new Set(['s3']);

export const kindsWithSources = kinds.flatMap(([kind, { source }]) =>
  source && !storeKinds.has(kind) ? [kind] : [],
);
export const kindsWithSinks = kinds.flatMap(([kind, { sink }]) => (sink ? [kind] : []));
/** The rows of an export have no key to be compared by. */
const exportKinds: ReadonlySet<string> = new Set(['files', 's3']);

export const kindsWithComparisons = kindsWithSinks.filter((kind) => !exportKinds.has(kind));
/** Kinds that lie between the ends. */
export const queueKinds = kinds.flatMap(([kind, { queues }]) => (queues ? [kind] : []));
