import { InvalidArgumentError, Option } from 'commander';

/** What `deploy`, `diff` and `destroy` share. */
export interface DeployOptions {
  readonly stack?: readonly string[];
  readonly profile?: ReadonlyMap<string, string>;
  readonly assume?: ReadonlyMap<string, string>;
  readonly json?: boolean;
}

export function assemblyOption(): Option {
  return new Option('--assembly <folder>', 'what sluice synth wrote, instead of a declaration');
}

/** Where a declaration's pipeline is deployed to. */
export interface PlaceOptions {
  readonly account?: string;
  readonly region?: string;
  readonly offline?: boolean;
}

export function accountOption(): Option {
  return new Option(
    '--account <number>',
    'the account that the pipeline runs in (default: that of the credentials)',
  ).argParser((text) => {
    if (/^\d{12}$/.test(text)) return text;
    throw new InvalidArgumentError('an account has 12 digits');
  });
}

export function regionOption(): Option {
  return new Option('--region <region>', 'the region that it runs in (default: AWS_REGION)');
}

export function offlineOption(): Option {
  return new Option(
    '--offline',
    'ask nothing of RDS: functions run in no network but that of the declaration (deploy.vpc)',
  );
}

export function profileOption(): Option {
  return new Option(
    '--profile <account=name>',
    'for stacks of this account the credentials of a profile; once for each account',
  ).argParser(byAccount(/^.+$/, 'a profile, as in 111122223333=work'));
}

export function assumeOption(): Option {
  return new Option(
    '--assume <account=arn>',
    'for stacks of this account a role to assume; once for each account',
  ).argParser(
    byAccount(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, 'a role, as in 111122223333=arn:aws:iam::…'),
  );
}

export function stackOption(): Option {
  return new Option('--stack <name...>', 'only these stacks');
}

function byAccount(form: RegExp, looks: string) {
  return (text: string, before?: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
    const [, account, value] = /^(\d{12})=(.*)$/.exec(text) ?? [];
    if (account === undefined || value === undefined || !form.test(value)) {
      throw new InvalidArgumentError(`it is an account and ${looks}`);
    }
    return new Map([...(before ?? []), [account, value]]);
  };
}

const MAX_MINUTES = 24 * 60;

/** Minutes of a command line. */
export function minutes(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= MAX_MINUTES) return value;
  throw new InvalidArgumentError(`it is a number of minutes up to ${MAX_MINUTES}`);
}
