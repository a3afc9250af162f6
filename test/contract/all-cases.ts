import { type Registration, registry } from '../../src/connectors/registry.js';
import type { ContractCases } from './cases.js';
import { dynamodbCases } from './dynamodb-cases.js';
import { mysqlCases } from './mysql-cases.js';
import { sqsCases } from './sqs-cases.js';

/** By kind of connection. A kind of the registry that is missing here fails the contract by name. */
export const allCases: Readonly<Record<string, Partial<ContractCases>>> = {
  mysql: mysqlCases,
  dynamodb: dynamodbCases,
  sqs: sqsCases,
};

const kinds: readonly (readonly [string, Registration])[] = Object.entries(registry);

/** Kinds that rows are read from or written to. */
export const kindsWithEnds = kinds.flatMap(([kind, { source, sink }]) => (source && sink ? [kind] : []));
/** Kinds that lie between the ends. */
export const queueKinds = kinds.flatMap(([kind, { source, sink }]) => (source || sink ? [] : [kind]));
