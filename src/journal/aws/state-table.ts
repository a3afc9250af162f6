import type { AwsPlace } from '../../connectors/aws-endpoint.js';
import type { DynamodbClient } from '../../connectors/dynamodb-client.js';
import { serviceType } from '../../connectors/dynamodb-failures.js';
import { retry } from '../../engine/retry.js';
import { SluiceError } from '../../errors.js';

/** An item of the state's table: texts and whole numbers under the names of attributes. */
export type Item = Readonly<Record<string, string | number>>;

/** Where an item lies. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** A condition on an item, in DynamoDB's words; names stand as `#name`, values as `:name`. */
export interface Condition {
  readonly expression: string;
  readonly values?: Item;
}

/** One of the calls of a transaction. */
export type Action =
  | { readonly check: ItemKey; readonly condition: Condition }
  | { readonly put: ItemKey & Item; readonly condition?: Condition }
  | { readonly update: ItemKey; readonly set: Item; readonly condition: Condition };

interface Page {
  readonly Items?: readonly Native[];
  readonly LastEvaluatedKey?: Native;
}

type Native = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const MAX_DELETES = 25;

/** The calls of a state on its table. What fails for a moment is called again for `patienceMs`. Reads are consistent. */
export class StateTable {
  readonly name: string;
  readonly #client: DynamodbClient;
  readonly #patienceMs: number;
  readonly #place: AwsPlace;

  constructor(client: DynamodbClient, name: string, patienceMs: number) {
    this.name = name;
    this.#client = client;
    this.#patienceMs = patienceMs;
    this.#place = client.place;
  }

  /** Of a message: the table and where it is. */
  get place(): string {
    return `${this.name} (${this.#place.declared ? this.#place.endpoint : this.#place.region})`;
  }

  async get(key: ItemKey): Promise<Item | undefined> {
    const body = { TableName: this.name, Key: native(key), ConsistentRead: true };
    const { Item: found } = await this.#call<{ readonly Item?: Native }>('GetItem', body);
    return found && plain(found);
  }

  /** The items of a partition whose sort keys begin so, in their order. */
  async *query(pk: string, beginsWith = ''): AsyncGenerator<Item> {
    const isPart = beginsWith !== '';
    let start: Native | undefined;
    do {
      const page: Page = await this.#call<Page>('Query', {
        TableName: this.name,
        ConsistentRead: true,
        KeyConditionExpression: isPart ? 'pk = :pk AND begins_with(sk, :sk)' : 'pk = :pk',
        ExpressionAttributeValues: native({ ':pk': pk, ...(isPart ? { ':sk': beginsWith } : {}) }),
        ExclusiveStartKey: start,
      });
      for (const item of page.Items ?? []) yield plain(item);
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }

  async put(item: ItemKey & Item): Promise<void> {
    await this.#call('PutItem', { TableName: this.name, Item: native(item) });
  }

  /** False where the condition does not hold: perhaps because an earlier try, whose answer was lost, was carried out. */
  async update(
    key: ItemKey,
    update: string,
    condition: Condition | undefined,
    values: Item,
  ): Promise<boolean> {
    const used = { ...values, ...condition?.values };
    const body = JSON.stringify({
      TableName: this.name,
      Key: native(key),
      UpdateExpression: update,
      ConditionExpression: condition?.expression,
      ...namesIn(`${update} ${condition?.expression ?? ''}`),
      ...(Object.keys(used).length > 0 ? { ExpressionAttributeValues: native(used) } : {}),
    });
    const { met } = await this.#patiently(() => this.#client.callIf('UpdateItem', body));
    return met;
  }

  /** An update in DynamoDB's own words; `met` is false where its condition does not hold. Gives what it asks to be given. */
  async updateItem<Found>(request: object): Promise<{ readonly met: boolean; readonly item?: Found }> {
    const body = JSON.stringify(request);
    const answer = await this.#patiently(() =>
      this.#client.callIf<{ readonly Attributes?: Found }>('UpdateItem', body),
    );
    if (!answer.met) return { met: false };
    const { Attributes: item } = answer.answer;
    return item === undefined ? { met: true } : { met: true, item };
  }

  /** All or nothing, once for each token. False where a condition does not hold, or another call was in its way. */
  async transact(actions: readonly Action[], token: string): Promise<boolean> {
    const body = {
      TransactItems: actions.map((action) => this.#transactItem(action)),
      ClientRequestToken: token,
    };
    try {
      await this.#call('TransactWriteItems', body);
      return true;
    } catch (error) {
      if (serviceType(error) === 'TransactionCanceledException') return false;
      throw error;
    }
  }

  async delete(keys: readonly ItemKey[]): Promise<void> {
    for (let start = 0; start < keys.length; start += MAX_DELETES) {
      let left: unknown[] | undefined = keys
        .slice(start, start + MAX_DELETES)
        .map((key) => ({ DeleteRequest: { Key: native({ pk: key.pk, sk: key.sk }) } }));
      while (left && left.length > 0) left = await this.#deleteSome(left);
    }
  }

  async #deleteSome(requests: readonly unknown[]): Promise<unknown[] | undefined> {
    const { UnprocessedItems: left } = await this.#call<{
      readonly UnprocessedItems?: Readonly<Record<string, unknown[]>>;
    }>('BatchWriteItem', { RequestItems: { [this.name]: requests } });
    return left?.[this.name];
  }

  #transactItem(action: Action): object {
    const { condition } = action;
    const values = { ...condition?.values, ...('set' in action ? prefixed(action.set) : {}) };
    const update =
      'set' in action
        ? `SET ${Object.keys(action.set)
            .map((name) => `#${name} = :${name}`)
            .join(', ')}`
        : undefined;
    const common = {
      TableName: this.name,
      ConditionExpression: condition?.expression,
      ...namesIn(`${update ?? ''} ${condition?.expression ?? ''}`),
      ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: native(values) } : {}),
    };
    if ('put' in action) return { Put: { ...common, Item: native(action.put) } };
    if ('check' in action) return { ConditionCheck: { ...common, Key: native(action.check) } };
    return { Update: { ...common, Key: native(action.update), UpdateExpression: update } };
  }

  async #call<Answer>(action: string, body: object): Promise<Answer> {
    const text = JSON.stringify(body);
    return await this.#patiently(() => this.#client.call<Answer>(action, text));
  }

  async #patiently<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await retry(call, this.#patienceMs, new AbortController().signal);
    } catch (error) {
      throw this.#told(error);
    }
  }

  /** What is wrong with the table, rather than with a connection of the declaration. */
  #told(error: unknown): unknown {
    if (serviceType(error) === 'ResourceNotFoundException') {
      return new SluiceError('state_unusable', `the table ${this.place} of the state is not there`, {
        hint: `of a deployed pipeline: sluice destroy, then sluice deploy make it anew; else ${createCommand(this.name, this.#place.region)}`,
        cause: error,
      });
    }
    if (serviceType(error) !== 'ValidationException') return error;
    return new SluiceError('state_unusable', `the table ${this.place} cannot hold a state`, {
      hint: `its key must be pk and sk, both texts: ${createCommand(this.name, this.#place.region)}`,
      cause: error,
    });
  }
}

function createCommand(table: string, region: string): string {
  const attributes = ['pk', 'sk'].map((name) => `AttributeName=${name},AttributeType=S`).join(' ');
  const keys = 'AttributeName=pk,KeyType=HASH AttributeName=sk,KeyType=RANGE';
  return `aws dynamodb create-table --table-name ${table} --attribute-definitions ${attributes} --key-schema ${keys} --billing-mode PAY_PER_REQUEST --region ${region}`;
}

function native(item: Item | ItemKey): Native {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]: [string, string | number]) => [
      name,
      typeof value === 'number' ? { N: String(value) } : { S: value },
    ]),
  );
}

function plain(item: Native): Item {
  return Object.fromEntries(
    Object.entries(item).map(([name, { S: text, N: number }]) => [name, text ?? Number(number)]),
  );
}

function prefixed(values: Item): Item {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value]));
}

/** The names that stand as `#name` in expressions: `owner` and others are reserved words. */
function namesIn(expressions: string): {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
} {
  const names = [...new Set(expressions.match(/#\w+/g) ?? [])];
  if (names.length === 0) return {};
  return { ExpressionAttributeNames: Object.fromEntries(names.map((name) => [name, name.slice(1)])) };
}
