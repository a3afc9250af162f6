import pc from 'picocolors';
import type { DeployObserver, StackAction, StackResult } from '../../aws/deploy/observer.js';
import type { StackEvent } from '../../aws/deploy/stack-events.js';
import type { Io } from '../io.js';
import { bytesText } from '../text.js';

/** How a deployment is shown. `close` leaves the terminal as it was. */
export interface DeployProgress extends DeployObserver {
  /** Something may have been changed by now. */
  readonly hasBegun: () => boolean;
  close(): void;
}

export async function deployProgress(io: Io, json: boolean): Promise<DeployProgress> {
  let begun = false;
  const shown = json ? jsonProgress(io) : io.terminal ? await barProgress(io) : lineProgress(io);
  return {
    ...shown,
    begun: (stack, action, resources) => {
      begun = true;
      shown.begun(stack, action, resources);
    },
    asset: (stack, hash, bytes, isNew) => {
      begun ||= isNew;
      shown.asset(stack, hash, bytes, isNew);
    },
    hasBegun: () => begun,
  };
}

type Shown = DeployObserver & { close(): void };

/** One JSON event a line. */
function jsonProgress(io: Io): Shown {
  const emit = (event: object) => io.out(JSON.stringify(event));
  return {
    begun: (stack, action, resources) => emit({ event: 'stack', stack, action, resources }),
    happened: (stack, { resource, type, physicalId, status, reason, time }) =>
      emit({
        event: 'resource',
        stack,
        resource,
        type,
        physicalId,
        status,
        ...(reason === '' ? {} : { reason }),
        time: time.toISOString(),
      }),
    asset: (stack, hash, bytes, uploaded) => emit({ event: 'asset', stack, hash, bytes, uploaded }),
    said: (stack, message) => emit({ event: 'message', stack, message }),
    ended: (stack, result) => emit({ event: 'ended', stack, result }),
    close: () => undefined,
  };
}

const doing: Readonly<Record<StackAction, string>> = {
  create: 'is created',
  update: 'is updated',
  delete: 'is deleted',
  follow: 'is being changed already: waiting for its end',
};
const done: Readonly<Record<StackResult, string>> = {
  created: 'created',
  updated: 'updated',
  unchanged: 'no changes',
  deleted: 'deleted',
  absent: 'was not there',
};

/** A line for each resource that is done, or failed. */
function lineProgress(io: Io): Shown {
  const colors = pc.createColors(io.color);
  return {
    begun: (stack, action) => io.err(`${stack} ${doing[action]}`),
    happened: (stack, event) => {
      if (!event.status.endsWith('_IN_PROGRESS')) io.err(`  ${eventText(stack, event, colors)}`);
    },
    asset: (stack, hash, bytes, isNew) => {
      if (isNew) io.err(assetText(stack, hash, bytes));
    },
    said: (stack, line) => io.err(`${stack}: ${line}`),
    ended: (stack, result) => io.err(`${stack}: ${done[result]}`),
    close: () => undefined,
  };
}

function assetText(stack: string, hash: string, bytes: number): string {
  return `${stack}: asset ${hash.slice(0, 12)}… uploaded, ${bytesText(bytes)}`;
}

function eventText(stack: string, event: StackEvent, colors: ReturnType<typeof pc.createColors>): string {
  const { status, type, resource, reason } = event;
  const color = status.endsWith('_FAILED')
    ? colors.red
    : status.includes('ROLLBACK')
      ? colors.yellow
      : colors.green;
  const why = reason === '' ? '' : `  ${reason}`;
  return `${stack}  ${color(status.padEnd(24))} ${type.padEnd(32)} ${resource}${why}`;
}

const BAR_FORMAT = '{stack} {bar} {value}/{total}  {what}';

/** A bar for each stack; failures and what is said stand above them. */
async function barProgress(io: Io): Promise<Shown> {
  const { default: cliProgress } = await import('cli-progress');
  const colors = pc.createColors(io.color);
  const bars = new cliProgress.MultiBar(
    {
      format: BAR_FORMAT,
      hideCursor: true,
      barsize: 24,
      stream: process.stderr,
      noTTYOutput: false,
      gracefulExit: false,
      linewrap: false,
    },
    io.color ? cliProgress.Presets.shades_classic : cliProgress.Presets.legacy,
  );
  const lines = new Map<string, ReturnType<typeof bars.create>>();
  const resources = new Map<string, Set<string>>();
  const line = (stack: string) => {
    const there = lines.get(stack) ?? bars.create(1, 0, { stack: stack.padEnd(28), what: '' });
    lines.set(stack, there);
    return there;
  };
  return {
    begun: (stack, action, total) => {
      line(stack).start(Math.max(total, 1), 0, { stack: stack.padEnd(28), what: doing[action] });
      resources.set(stack, new Set());
    },
    happened: (stack, event) => {
      const { resource, status, isOfStack } = event;
      const over = resources.get(stack) ?? new Set();
      if (!isOfStack && !status.endsWith('_IN_PROGRESS')) over.add(resource);
      if (status.endsWith('_FAILED')) bars.log(`${eventText(stack, event, colors)}\n`);
      line(stack).update(over.size, { what: isOfStack ? status : `${status} ${resource}` });
    },
    asset: (stack, hash, bytes, isNew) => {
      if (isNew) bars.log(`${assetText(stack, hash, bytes)}\n`);
    },
    said: (stack, text) => bars.log(`${stack}: ${text}\n`),
    ended: (stack, result) => {
      const bar = line(stack);
      bar.update(bar.getTotal(), { what: done[result] });
    },
    close: () => bars.stop(),
  };
}
