import type { FaultKind } from './fault-kind.js';
import { dynamodbKinds } from './fault-table-dynamodb.js';
import { machineKinds } from './fault-table-machine.js';
import { mysqlKinds } from './fault-table-mysql.js';

/** Every kind of fault that is tried, alone and in pairs; docs/failure-behaviour.md has a line for each. */
export const faultKinds: readonly FaultKind[] = [...dynamodbKinds, ...mysqlKinds, ...machineKinds];
