import pc from 'picocolors';
import type { ResourceChange } from '../../aws/deploy/change-set.js';
import { lossesOf } from '../../aws/deploy/deploy-stack.js';
import type { StackDiff } from '../../aws/deploy/diff-stack.js';
import type { Permission } from '../../aws/deploy/permission-changes.js';
import type { Io } from '../io.js';
import { table } from '../text.js';

type Colors = ReturnType<typeof pc.createColors>;

/** What would become of one stack: its resources, and what would be allowed besides. */
export function diffText({ stack, account, region, isNew, changes, permissions }: StackDiff, io: Io): string {
  const colors = pc.createColors(io.color);
  const place = `${stack} in ${account}, ${region}`;
  if (changes.length === 0 && !isNew) return `${place}: no changes`;
  const losses = new Set(lossesOf(changes));
  const head = isNew ? `${place} would be created` : place;
  const resources = changes.map((change) => row(change, losses.has(change)));
  const allowed = [
    ...permissions.added.map((each) => colors.yellow(`+ ${permissionText(each)}`)),
    ...permissions.removed.map((each) => colors.dim(`- ${permissionText(each)}`)),
  ];
  return [
    colors.bold(head),
    ...table(['', 'resource', 'type', 'replaced', 'what changes'], resources).map((line) =>
      paint(line, colors),
    ),
    ...(allowed.length === 0 ? [] : [colors.bold('permissions'), ...allowed]),
  ].join('\n');
}

const marks = { Add: '+', Modify: '~', Remove: '-', Import: '=', Dynamic: '?' } as const;

function row(change: ResourceChange, isLoss: boolean): string[] {
  const { action, resource, type, replacement, scope, properties } = change;
  const replaced = { True: 'yes', Conditional: 'perhaps', False: '' }[
    action === 'Modify' ? replacement : 'False'
  ];
  const others = scope.filter((name) => name !== 'Properties');
  const what = [...properties, ...others].join(', ');
  return [marks[action], resource, type, replaced, isLoss ? `${what} LOSES WHAT IT HOLDS`.trim() : what];
}

function paint(line: string, { green, red, yellow }: Colors): string {
  if (line.startsWith('+')) return green(line);
  if (line.startsWith('-') || line.endsWith('LOSES WHAT IT HOLDS')) return red(line);
  return line.startsWith('~') ? yellow(line) : line;
}

/** `StepRole: Allow dynamodb:PutItem on arn:…`. */
function permissionText({ resource, effect, principal, action, on, condition }: Permission): string {
  const who = principal === '' ? '' : ` for ${principal}`;
  const what = on === '' ? '' : ` on ${on}`;
  const when = condition === '' ? '' : ` if ${condition}`;
  return `${resource}: ${effect} ${action}${what}${who}${when}`;
}
