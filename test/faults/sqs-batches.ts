import type { Body, CallKind, Split } from './call-kind.js';
import type { HttpFault } from './http-proxy.js';

interface Entry {
  readonly Id: string;
  readonly MessageBody?: string;
}

export const sqsCalls: CallKind = {
  errors: 'json',
  throttled: 'RequestThrottled',
  whenNothing: 'answer',
  about: ({ QueueUrl: url }) => (typeof url === 'string' ? url.replace(/^.*\//, '') : undefined),
  items: (_action, body) => entriesOf(body).length,
  accepted,
  split,
  merged,
  altered,
  damaged,
};

function entriesOf(body: Body): Entry[] {
  return (body['Entries'] ?? []) as Entry[];
}

function accepted(action: string, _asked: number, status: number, answer: Body): number {
  if (status !== 200) return 0;
  const list = answer[action === 'ReceiveMessage' ? 'Messages' : 'Successful'];
  return Array.isArray(list) ? list.length : 0;
}

function split(_action: string, body: Body, share: number, random: () => number): Split {
  const marked = entriesOf(body).map((entry) => ({ entry, isHeld: random() < share }));
  const held = marked.filter(({ isHeld }) => isHeld).map(({ entry }) => entry);
  const others = marked.filter(({ isHeld }) => !isHeld).map(({ entry }) => entry);
  const forward = others.length === 0 ? undefined : { ...body, Entries: others };
  return { forward, heldBack: { held } };
}

function merged(_action: string, answer: Body, heldBack: Record<string, unknown>): Body {
  const failed = (heldBack['held'] as Entry[]).map(({ Id }) => ({
    Id,
    Code: 'InternalError',
    SenderFault: false,
  }));
  return { ...answer, Failed: [...((answer['Failed'] ?? []) as unknown[]), ...failed] };
}

function altered(action: string, body: Body, fault: HttpFault): Body | undefined {
  if (action !== 'SendMessageBatch') return undefined;
  const entries = entriesOf(body);
  if (fault.kind === 'reversed') return { ...body, Entries: entries.toReversed() };
  if (fault.kind === 'late') {
    return { ...body, Entries: entries.map((entry) => ({ ...entry, DelaySeconds: fault.seconds })) };
  }
  return undefined;
}

/** Another letter in the first body of a message, or in the digest of one. */
function damaged(answer: Buffer): Buffer {
  const text = answer.toString();
  const place = /"(?:Body|MD5OfMessageBody)":"[^"\\]?/.exec(text);
  if (place === null) return answer;
  const at = place.index + place[0].length - 1;
  return Buffer.from(`${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`);
}
