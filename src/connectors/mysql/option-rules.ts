import { canonicalHost, isLoopbackHost, isMetadataHost } from '../declared-host.js';
import { exactlyOne, type Objecting, type OptionRules, type Options, onlyWithMode } from '../option-rules.js';
import { placeholderMistakes } from './placeholders.js';

/** The rules between the fields of options.ts. */
export const rules: OptionRules = {
  connection(options, object) {
    checkWayIn(options, object);
    const { host } = options;
    if (typeof host === 'string' && host !== '') checkHost(host, options, object);
  },
  source(options, object) {
    exactlyOne(['table', 'tables', 'query'], options, object);
    for (const field of ['columns', 'where', 'since', 'consistency']) notWithQuery(field, options, object);
    for (const field of ['where', 'query']) {
      const sql = options[field];
      if (typeof sql === 'string') for (const mistake of placeholderMistakes(field, sql)) object(mistake);
    }
    if (typeof options['query'] === 'string') checkQuery(options['query'], object);
  },
  sink(options, object) {
    onlyWithMode('mirror', 'deletes', options, object);
    onlyWithMode('mirror', 'ttlDeletes', options, object);
  },
};

/** By secret, or by host, user and database (and a password, as a rule). */
function checkWayIn(options: Options, object: Objecting): void {
  if (options['secret'] !== undefined) {
    for (const field of ['user', 'password']) {
      if (options[field] === undefined) continue;
      const message = `\`${field}\` and \`secret\` exclude each other`;
      object({ code: 'conflict', path: [field], message, hint: 'the secret holds user and password' });
    }
    return;
  }
  const missing = ['host', 'user', 'database'].filter((field) => options[field] === undefined);
  for (const field of missing) {
    const hint =
      'give host, user, password: { env: NAME } and database, or the name of a `secret` that holds them';
    object({ code: 'missing_field', path: [], message: `\`${field}\` is missing`, hint });
  }
  for (const field of ['role', 'endpoint']) {
    if (options[field] === undefined || (field === 'role' && options['loadFrom'] !== undefined)) continue;
    const message = `\`${field}\` goes with \`secret\` only`;
    object({
      code: 'conflict',
      path: [field],
      message,
      hint: 'a server that is spelled out is reached without AWS',
    });
  }
}

function checkHost(host: string, options: Options, object: Objecting): void {
  const canonical = canonicalHost(host);
  if (canonical === undefined) {
    const message = 'not the name or address of a host';
    object({
      code: 'wrong_value',
      path: ['host'],
      message,
      hint: 'the port goes into `port`, the user into `user`',
    });
    return;
  }
  if (isMetadataHost(canonical)) {
    const message = 'link-local addresses and metadata services are refused as hosts';
    object({ code: 'insecure', path: ['host'], message });
  }
  if (options['tls'] === 'off' && !isLoopbackHost(canonical)) {
    const message = `\`tls: off\` is for this machine only, not for ${canonical}`;
    const hint =
      'leave `tls` out: the certificates of RDS are known; or name the authority: tls: { ca: ./ca.pem }';
    object({ code: 'insecure', path: ['tls'], message, hint });
  }
}

function notWithQuery(field: string, options: Options, object: Objecting): void {
  if (options[field] === undefined || options['query'] === undefined) return;
  const message = `\`${field}\` goes with a table, not with \`query\``;
  object({ code: 'conflict', path: [field], message, hint: 'write it into the query' });
}

function checkQuery(query: string, object: Objecting): void {
  if (/^[\s(]*(--[^\n]*\n|#[^\n]*\n|\/\*[\s\S]*?\*\/|[\s(])*(select|with|table|values)\b/i.test(query))
    return;
  const message = 'a query begins with SELECT or WITH';
  object({ code: 'wrong_value', path: ['query'], message, hint: 'a source only reads' });
}
