import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allItems, createTable, dynamodbCall, tableName } from '../../../test/fixtures/dynamodb.js';
import {
  type DynamodbEnds,
  dynamodbEnds,
  incomingOf,
  writeAll,
} from '../../../test/fixtures/dynamodb-ends.js';
import type { Column, LogicalType } from '../../values/column.js';
import type { KeyType } from './key.js';

let ends: DynamodbEnds;
beforeAll(async () => {
  ends = await dynamodbEnds();
});
afterAll(() => ends.close());

const column = (name: string, type: LogicalType = 'int', more: Partial<Column> = {}): Column => ({
  name,
  type,
  nullable: false,
  ...more,
});
const columns = [column('id'), column('name', 'text'), column('b', 'bytes'), column('part')];

async function tableWith(partition: [string, KeyType], sort?: [string, KeyType]): Promise<string> {
  const name = tableName('plan');
  await createTable(name, partition, sort);
  return name;
}

async function refusals(options: object, incoming = incomingOf(columns)): Promise<string[]> {
  const plan = await ends.sink(options).plan(incoming);
  return plan.findings.filter(({ level }) => level === 'refuse').map(({ code }) => code);
}

describe('the key of a sink', () => {
  it('is by default the key of the table that is there, where it arrives', async () => {
    const table = await tableWith(['part', 'N'], ['id', 'N']);
    expect((await ends.sink({ table }).plan(incomingOf(columns))).key).toEqual(['part', 'id']);
  });

  it('is by default the primary key of the source for a new table, of one column or two', async () => {
    const create = { table: tableName('plan'), create: true };
    const one = await ends.sink(create).plan(incomingOf(columns));
    expect(one).toMatchObject({ exists: false, key: ['id'] });
    expect(one.creates).toContain('PAY_PER_REQUEST');
    expect(one.becomes).toMatchObject({ open: true, key: ['id'], columns: [{ name: 'id', native: 'N' }] });
    const two = await ends.sink(create).plan(incomingOf(columns, { key: ['name', 'id'] }));
    expect(two.key).toEqual(['name', 'id']);
  });

  it('has at most two columns, and says how to join more', async () => {
    const plan = await ends
      .sink({ table: tableName('plan'), create: true })
      .plan(incomingOf(columns, { key: ['part', 'name', 'id'] }));
    expect(plan.findings).toMatchObject([
      {
        level: 'refuse',
        code: 'key_missing',
        hint: expect.stringContaining('partition: [part, name], sort: id'),
      },
    ]);
  });

  it('is refused with a way out where it does not fit the table', async () => {
    const simple = await tableWith(['pk', 'N']);
    const composite = await tableWith(['id', 'N'], ['sk', 'S']);
    expect(await refusals({ table: simple })).toEqual(['key_missing']);
    expect(await refusals({ table: simple, key: { partition: 'id' } })).toEqual(['key_missing']);
    expect(await refusals({ table: simple, key: { partition: 'id', sort: 'name' } })).toContain(
      'key_missing',
    );
    expect(await refusals({ table: composite, key: { partition: 'id' } })).toEqual(['key_missing']);
    expect(await refusals({ table: composite, key: { partition: 'id', sort: 'nowhere' } })).toContain(
      'column_missing',
    );
    expect(await refusals({ table: simple }, incomingOf(columns, { key: [] }))).toEqual(['key_missing']);
  });

  it.each<[Column, KeyType, boolean]>([
    [column('k', 'int'), 'N', true],
    [column('k', 'int'), 'S', true],
    [column('k', 'int'), 'B', false],
    [column('k', 'float'), 'N', true],
    [column('k', 'float'), 'S', false],
    [column('k', 'decimal', { precision: 38, scale: 10 }), 'N', true],
    [column('k', 'decimal', { precision: 39, scale: 10 }), 'N', false],
    [column('k', 'decimal', { precision: 65, scale: 30 }), 'S', true],
    [column('k', 'decimal', { precision: 10, scale: 2 }), 'S', true],
    [column('k', 'text'), 'S', true],
    [column('k', 'text'), 'N', false],
    [column('k', 'text'), 'B', false],
    [column('k', 'bytes'), 'B', true],
    [column('k', 'bytes'), 'S', false],
    [column('k', 'date'), 'S', true],
    [column('k', 'timestamp'), 'S', true],
    [column('k', 'timestamp'), 'N', false],
    [column('k', 'bool'), 'S', false],
    [column('k', 'json'), 'S', false],
    [column('k', 'attribute', { native: 'N' }), 'N', true],
    [column('k', 'attribute', { native: 'N' }), 'S', false],
    [column('k', 'attribute'), 'S', true],
  ])('takes $type into $1: %#', async (key, type, allowed) => {
    const table = await tableWith(['k', type]);
    expect(await refusals({ table }, incomingOf([key], { key: ['k'] }))).toEqual(allowed ? [] : ['key_type']);
  });

  it('joins columns, and writes the parts as attributes of their own too', async () => {
    const table = tableName('joined');
    const sink = ends.sink({ table, create: true, key: { partition: ['name', 'part'], sort: 'id' } });
    const result = await writeAll(sink, incomingOf(columns.filter(({ name }) => name !== 'b')), [
      [
        ['1', 'a#b', '7'],
        ['1', 'a', '7'],
      ],
    ]);
    expect(result).toMatchObject({ written: 2, rejects: [] });
    expect(result.plan.key).toEqual(['name', 'part', 'id']);
    expect(await allItems(table)).toContainEqual({
      'name#part': { S: 'a\\#b#7' },
      id: { N: '1' },
      name: { S: 'a#b' },
      part: { N: '7' },
    });
  });

  it('joins into the key attribute of a table that is there, unless a column has its name', async () => {
    const table = await tableWith(['pk', 'S']);
    const key = { partition: ['id', 'name'] };
    expect(await refusals({ table, key })).toEqual([]);
    expect(await refusals({ table, key }, incomingOf([...columns, column('pk', 'text')]))).toEqual([
      'key_type',
    ]);
    expect(await refusals({ table, key: { partition: ['id', 'b'] } })).toEqual(['key_type']);
    expect(await refusals({ table: await tableWith(['pk', 'N']), key })).toEqual(['key_type']);
  });
});

describe('the plan of a sink', () => {
  it('refuses a table that is missing, and says what would make it', async () => {
    const plan = await ends.sink({ table: 'no-such-table' }).plan(incomingOf(columns));
    expect(plan.findings).toMatchObject([
      { level: 'refuse', code: 'table_missing', hint: expect.stringContaining('create: true') },
    ]);
  });

  it('names the calls it will make, and the table they are made on', async () => {
    const table = await tableWith(['id', 'N']);
    const actions = async (options: object) =>
      (await ends.sink({ table, ...options }).plan(incomingOf(columns))).permissions.flatMap(
        ({ action, only }) => (only ? [] : [action]),
      );
    expect(await actions({})).toEqual(['dynamodb:DescribeTable', 'dynamodb:BatchWriteItem']);
    expect(await actions({ mode: 'insert' })).toEqual(['dynamodb:DescribeTable', 'dynamodb:PutItem']);
    expect(await actions({ mode: 'update' })).toEqual(['dynamodb:DescribeTable', 'dynamodb:UpdateItem']);
    expect(await actions({ mode: 'mirror', create: true })).toEqual([
      'dynamodb:DescribeTable',
      'dynamodb:CreateTable',
      'dynamodb:BatchWriteItem',
      'dynamodb:Scan',
    ]);
    const { permissions } = await ends.sink({ table }).plan(incomingOf(columns));
    expect(permissions[0]?.resource).toMatch(new RegExp(`^arn:aws:dynamodb:.*:table/${table}$`));
  });

  it('estimates write units: a unit for each kilobyte begun', async () => {
    const table = await tableWith(['id', 'N']);
    const plan = await ends.sink({ table }).plan(incomingOf(columns, { rows: 100, bytes: 150_000 }));
    expect(plan.units).toBe(200);
  });

  it('wants to know what newest is newest by', async () => {
    const table = await tableWith(['id', 'N']);
    const newest = (by?: string, incoming = incomingOf(columns)) =>
      refusals({ table, mode: 'newest', ...(by === undefined ? {} : { by }) }, incoming);
    expect(await newest()).toEqual(['declaration_invalid']);
    expect(await newest('id')).toEqual(['declaration_invalid']);
    expect(await newest('nowhere')).toEqual(['column_missing']);
    expect(await newest('nowhere', incomingOf(columns, { open: true }))).toEqual([]);
    expect(await newest('flag', incomingOf([...columns, column('flag', 'bool')]))).toEqual(['type_refused']);
    expect(await newest('part')).toEqual([]);
  });

  it('sees that an index needs another type', async () => {
    const table = tableName('plan');
    await dynamodbCall('CreateTable', {
      TableName: table,
      BillingMode: 'PROVISIONED',
      ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 50 },
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'N' },
        { AttributeName: 'name', AttributeType: 'N' },
      ],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-name',
          KeySchema: [{ AttributeName: 'name', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
          ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 50 },
        },
      ],
    });
    expect(await refusals({ table })).toEqual(['key_type']);
    const plan = await ends.sink({ table }).plan(incomingOf([column('id')], { rows: 100 }));
    const notes = plan.findings.map(({ message }) => message).join('\n');
    expect(notes).toContain('50 provisioned write units a second');
    expect(notes).toContain('1 index');
  });

  it('gives the same table the same identity, at the source and at the sink', async () => {
    const table = await tableWith(['id', 'N']);
    const other = await tableWith(['id', 'N']);
    const { identity } = await ends.sink({ table }).plan(incomingOf(columns));
    expect((await ends.source({ table }).describe()).identity).toBe(identity);
    expect((await ends.source({ table: other }).describe()).identity).not.toBe(identity);
  });

  it('shows the way of every column', async () => {
    const table = await tableWith(['id', 'N']);
    const { journeys } = await ends
      .sink({ table })
      .plan(
        incomingOf([
          ...columns,
          column('wide', 'decimal', { native: 'decimal(65,30)', precision: 65, scale: 30 }),
        ]),
      );
    expect(journeys.map(({ from, to, toType }) => [from, to, toType])).toEqual([
      ['id', 'id', 'N'],
      ['name', 'name', 'S'],
      ['b', 'b', 'B'],
      ['part', 'part', 'N'],
      ['wide', 'wide', 'S'],
    ]);
    expect(journeys[0]?.note).toBe('partition key');
    expect(journeys[4]).toMatchObject({ fromType: 'decimal(65,30)', note: 'as text: more than 38 digits' });
  });
});
