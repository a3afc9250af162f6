import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../../errors.js';
import type { Context } from '../connector.js';
import type { DynamodbClient } from '../dynamodb-client.js';
import { serviceType } from '../dynamodb-failures.js';
import type { KeyAttribute, KeyType } from './key.js';
import { patiently } from './patience.js';

export interface Index {
  readonly name: string;
  readonly kind: 'global' | 'local';
  readonly key: readonly KeyAttribute[];
  /** ALL, KEYS_ONLY or INCLUDE. */
  readonly projection: string;
}

/** What DescribeTable says of a table. */
export interface Table {
  readonly name: string;
  readonly arn: string;
  readonly active: boolean;
  readonly key: readonly KeyAttribute[];
  readonly indexes: readonly Index[];
  /** DynamoDB counts about every six hours. */
  readonly items: number;
  readonly bytes: number;
  /** Provisioned units a second; absent when the table is paid by request. */
  readonly provisioned?: { readonly read: number; readonly write: number };
  /** The stream of its changes; absent where none is switched on. */
  readonly stream?: TableStream;
}

export interface TableStream {
  readonly arn: string;
  /** NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES or KEYS_ONLY. */
  readonly view: string;
}

interface Described {
  readonly TableName: string;
  readonly TableArn?: string;
  readonly TableStatus?: string;
  readonly KeySchema: readonly KeyElement[];
  readonly AttributeDefinitions: readonly {
    readonly AttributeName: string;
    readonly AttributeType: KeyType;
  }[];
  readonly GlobalSecondaryIndexes?: readonly DescribedIndex[];
  readonly LocalSecondaryIndexes?: readonly DescribedIndex[];
  readonly ItemCount?: number;
  readonly TableSizeBytes?: number;
  readonly BillingModeSummary?: { readonly BillingMode?: string };
  readonly ProvisionedThroughput?: {
    readonly ReadCapacityUnits?: number;
    readonly WriteCapacityUnits?: number;
  };
  readonly StreamSpecification?: { readonly StreamEnabled?: boolean; readonly StreamViewType?: string };
  readonly LatestStreamArn?: string;
}

interface KeyElement {
  readonly AttributeName: string;
  readonly KeyType: 'HASH' | 'RANGE';
}

interface DescribedIndex {
  readonly IndexName: string;
  readonly KeySchema: readonly KeyElement[];
  readonly Projection?: { readonly ProjectionType?: string };
}

/** How often and how long a table that is being made is asked whether it is ready. */
const POLL_MS = 500;
const MAX_POLLS = 600;

/** The table's description; undefined where there is no such table. */
export async function findTable(
  client: DynamodbClient,
  name: string,
  context: Context,
): Promise<Table | undefined> {
  const body = JSON.stringify({ TableName: name });
  try {
    const answer = await patiently(context, () => client.call<{ Table: Described }>('DescribeTable', body));
    return tableOf(answer.Table, client.place.region);
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'table_missing') return undefined;
    throw error;
  }
}

export function tableMissing(name: string, hint: string): SluiceError {
  return new SluiceError('table_missing', `the DynamoDB table ${name} does not exist`, { hint });
}

function tableOf(described: Described, region: string): Table {
  const types = new Map(
    described.AttributeDefinitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]),
  );
  const indexes = [
    ...(described.GlobalSecondaryIndexes ?? []).map((index) => indexOf(index, 'global', types)),
    ...(described.LocalSecondaryIndexes ?? []).map((index) => indexOf(index, 'local', types)),
  ];
  const units = described.ProvisionedThroughput;
  const write = units?.WriteCapacityUnits ?? 0;
  const onDemand = described.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST' || write === 0;
  return {
    name: described.TableName,
    arn: described.TableArn ?? `arn:aws:dynamodb:${region}:*:table/${described.TableName}`,
    active: described.TableStatus === undefined || !['CREATING', 'DELETING'].includes(described.TableStatus),
    key: keyOfSchema(described.KeySchema, types),
    indexes,
    items: described.ItemCount ?? 0,
    bytes: described.TableSizeBytes ?? 0,
    ...(onDemand ? {} : { provisioned: { read: units?.ReadCapacityUnits ?? 0, write } }),
    ...streamOf(described),
  };
}

/** The ARN of a stream that was switched off stays in the description; only the specification says that it is on. */
function streamOf({ StreamSpecification: spec, LatestStreamArn: arn }: Described): { stream?: TableStream } {
  if (spec?.StreamEnabled !== true || arn === undefined) return {};
  return { stream: { arn, view: spec.StreamViewType ?? '' } };
}

function indexOf(index: DescribedIndex, kind: Index['kind'], types: ReadonlyMap<string, KeyType>): Index {
  return {
    name: index.IndexName,
    kind,
    key: keyOfSchema(index.KeySchema, types),
    projection: index.Projection?.ProjectionType ?? 'ALL',
  };
}

function keyOfSchema(schema: readonly KeyElement[], types: ReadonlyMap<string, KeyType>): KeyAttribute[] {
  const role = (element: KeyElement) => (element.KeyType === 'HASH' ? 'partition' : 'sort');
  return schema
    .map((element) => ({
      name: element.AttributeName,
      type: types.get(element.AttributeName) ?? ('S' as const),
      role: role(element) as KeyAttribute['role'],
    }))
    .sort((a, b) => (a.role === b.role ? 0 : a.role === 'partition' ? -1 : 1));
}

/** The CreateTable call for an on-demand table with this key, as JSON text. */
export function createTableCall(name: string, key: readonly KeyAttribute[]): string {
  return JSON.stringify({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: key.map((part) => ({ AttributeName: part.name, AttributeType: part.type })),
    KeySchema: key.map((part) => ({
      AttributeName: part.name,
      KeyType: part.role === 'partition' ? 'HASH' : 'RANGE',
    })),
  });
}

/** Makes the table unless somebody else just did, and waits until it takes items. */
export async function createTable(
  client: DynamodbClient,
  name: string,
  key: readonly KeyAttribute[],
  context: Context,
): Promise<Table> {
  const body = createTableCall(name, key);
  try {
    await patiently(context, () => client.call('CreateTable', body));
  } catch (error) {
    if (serviceType(error) !== 'ResourceInUseException') throw error;
  }
  const table = await waitUntilActive(client, name, context);
  const same = key.every((part, place) => {
    const made = table.key[place];
    return made?.name === part.name && made.type === part.type;
  });
  if (same && table.key.length === key.length) return table;
  throw new SluiceError('key_missing', `the table ${name} was made by somebody else with another key`, {
    hint: 'plan again',
  });
}

async function waitUntilActive(client: DynamodbClient, name: string, context: Context): Promise<Table> {
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    const table = await findTable(client, name, context);
    if (table?.active) return table;
    await sleep(POLL_MS, undefined, { signal: context.signal });
  }
  throw new SluiceError('timeout', `the table ${name} did not become active`);
}

/**
 * Equal exactly if two ends are the same table. Behind a named endpoint (an emulator) accounts are made up, so
 * that the endpoint belongs to it.
 */
export function tableIdentity(client: DynamodbClient, name: string, table: Table | undefined): string {
  const { endpoint, region, declared } = client.place;
  if (!declared && table) return table.arn;
  const host = new URL(endpoint).host.replace(/^localhost\b/, '127.0.0.1');
  return `dynamodb://${host}/${declared ? '' : `${region}/`}${name}`;
}
