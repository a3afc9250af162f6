import type { Body as AnyBody, CallKind, Split } from './call-kind.js';

type Requests = Record<string, unknown[]>;
type Gets = Record<string, { Keys: unknown[] }>;

interface Body extends AnyBody {
  RequestItems?: Requests | Gets;
  TransactItems?: unknown[];
}

export const dynamodbCalls: CallKind = {
  errors: 'json',
  throttled: 'ProvisionedThroughputExceededException',
  whenNothing: 'error',
  about: (body: Body) => {
    const table = body['TableName'] ?? Object.keys(body.RequestItems ?? {})[0];
    return table === undefined ? undefined : String(table);
  },
  items: itemCount,
  accepted: acceptedCount,
  split: splitBatch,
  merged: withHeldBack,
  altered: () => undefined,
  damaged,
};

const singles = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'GetItem', 'ExecuteStatement']);

/** The items that a call is about; 0 for calls about tables. */
function itemCount(action: string, body: Body): number {
  if (singles.has(action)) return 1;
  if (action === 'BatchWriteItem') return sum(Object.values((body.RequestItems ?? {}) as Requests));
  if (action === 'BatchGetItem')
    return sum(Object.values((body.RequestItems ?? {}) as Gets).map((one) => one.Keys));
  return body.TransactItems?.length ?? 0;
}

/** The items that an answer says were read or written. */
function acceptedCount(action: string, asked: number, status: number, answer: Body): number {
  if (status !== 200) return 0;
  if (action === 'Scan' || action === 'Query') return Number(answer['Count'] ?? 0);
  if (action === 'BatchWriteItem')
    return asked - sum(Object.values((answer['UnprocessedItems'] ?? {}) as Requests));
  if (action === 'BatchGetItem') {
    const left = Object.values((answer['UnprocessedKeys'] ?? {}) as Gets);
    return asked - sum(left.map((one) => one.Keys));
  }
  return asked;
}

/** Holds back each request with probability `share`, by `random`. */
function splitBatch(action: string, body: Body, share: number, random: () => number): Split {
  const forward: Record<string, unknown> = {};
  const heldBack: Record<string, unknown> = {};
  const put = (to: Record<string, unknown>, table: string, entry: unknown, list: unknown[]) => {
    if (list.length > 0) to[table] = action === 'BatchGetItem' ? { ...(entry as object), Keys: list } : list;
  };
  for (const [table, entry] of Object.entries(body.RequestItems ?? {})) {
    const list: unknown[] = Array.isArray(entry) ? entry : entry.Keys;
    const marks = list.map(() => random() < share);
    put(
      heldBack,
      table,
      entry,
      list.filter((_, index) => marks[index]),
    );
    put(
      forward,
      table,
      entry,
      list.filter((_, index) => !marks[index]),
    );
  }
  const some = Object.keys(forward).length > 0;
  return { forward: some ? { ...body, RequestItems: forward } : undefined, heldBack };
}

/** The engine's answer with what was held back added to what it left itself. */
function withHeldBack(action: string, answer: Body, heldBack: Record<string, unknown>): Body {
  const field = action === 'BatchGetItem' ? 'UnprocessedKeys' : 'UnprocessedItems';
  const merged: Record<string, unknown> = { ...(answer[field] as object | undefined) };
  for (const [table, entry] of Object.entries(heldBack)) merged[table] = joined(merged[table], entry);
  return { ...answer, [field]: merged };
}

function joined(left: unknown, right: unknown): unknown {
  if (left === undefined) return right;
  if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  const [a, b] = [left as { Keys: unknown[] }, right as { Keys: unknown[] }];
  return { ...a, Keys: [...a.Keys, ...b.Keys] };
}

function sum(lists: readonly (readonly unknown[])[]): number {
  return lists.reduce((total, list) => total + list.length, 0);
}

/** Another letter in the first text; a space more where there is none. */
function damaged(body: Buffer): Buffer {
  const at = body.indexOf('"S":"') + '"S":"'.length;
  const letter = body[at] ?? 0;
  const isText = at >= '"S":"'.length && /[a-z0-9]/i.test(String.fromCharCode(letter));
  if (!isText) return Buffer.concat([body, Buffer.from(' ')]);
  const copy = Buffer.from(body);
  copy[at] = letter === 0x58 ? 0x59 : 0x58;
  return copy;
}
