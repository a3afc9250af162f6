/** What the proxy needs to know of DynamoDB's bodies: how many items a call is about, and how to hold some back. */
type Requests = Record<string, unknown[]>;
type Gets = Record<string, { Keys: unknown[] }>;

export interface Body {
  RequestItems?: Requests | Gets;
  TransactItems?: unknown[];
  [field: string]: unknown;
}

const singles = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'GetItem', 'ExecuteStatement']);

/** The items that a call is about; 0 for calls about tables. */
export function itemCount(action: string, body: Body): number {
  if (singles.has(action)) return 1;
  if (action === 'BatchWriteItem') return sum(Object.values((body.RequestItems ?? {}) as Requests));
  if (action === 'BatchGetItem')
    return sum(Object.values((body.RequestItems ?? {}) as Gets).map((one) => one.Keys));
  return body.TransactItems?.length ?? 0;
}

/** The items that an answer says were read or written. */
export function acceptedCount(action: string, asked: number, status: number, answer: Body): number {
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

export interface Split {
  /** The call as it is forwarded; undefined when nothing of it is. */
  readonly forward: Body | undefined;
  readonly heldBack: Record<string, unknown>;
}

/** Holds back each request with probability `share`, by `random`. */
export function splitBatch(action: string, body: Body, share: number, random: () => number): Split {
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
  return { forward: some ? { ...body, RequestItems: forward as Requests } : undefined, heldBack };
}

/** The engine's answer with what was held back added to what it left itself. */
export function withHeldBack(action: string, answer: Body, heldBack: Record<string, unknown>): Body {
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
