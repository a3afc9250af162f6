import type { ContractCases } from './cases.js';
import { dynamodbCases } from './dynamodb-cases.js';
import { mysqlCases } from './mysql-cases.js';

/** By kind of connection. A kind of the registry that is missing here fails the contract by name. */
export const allCases: Readonly<Record<string, ContractCases>> = {
  mysql: mysqlCases,
  dynamodb: dynamodbCases,
};
