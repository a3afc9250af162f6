/** What a reader finds who goes by LATEST.json, without any code of the product. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a LATEST.json lies. */
export type Place =
  | { readonly kind: 's3'; readonly endpoint: string; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'folder'; readonly path: string };

export interface Look {
  /** Of LATEST.json; undefined where there is none. */
  readonly version: string | undefined;
  /** The name of the export that it gives. */
  readonly export: string | undefined;
  /** What is listed and not there as it is listed, while LATEST.json stayed what it was. */
  readonly problems: readonly string[];
}

interface Listed {
  readonly name: string;
  readonly bytes: number;
}

interface LatestText {
  readonly text: string;
  readonly version: string;
}

/** A reader's look at one instant. Who is overtaken by the next LATEST.json looks again. */
export async function look(place: Place): Promise<Look> {
  for (;;) {
    const latest = await readLatest(place);
    if (latest === undefined) return { version: undefined, export: undefined, problems: [] };
    const { version, text } = latest;
    const parsed = parse(text);
    if (parsed === undefined) return { version, export: undefined, problems: ['LATEST.json is torn'] };
    const problems = await missing(place, parsed.files);
    if (problems.length === 0 || (await readLatest(place))?.version === version) {
      return { version, export: parsed.name, problems };
    }
  }
}

/** The names of what LATEST.json lists. */
export async function latestFiles(place: Place): Promise<string[]> {
  const latest = await readLatest(place);
  return (parse(latest?.text ?? '')?.files ?? []).map(({ name }) => name);
}

function parse(text: string): { name: string; files: readonly Listed[] } | undefined {
  try {
    const {
      export: name,
      tables,
      others,
    } = JSON.parse(text) as {
      export: string;
      tables: readonly { files: readonly Listed[] }[];
      others: readonly Listed[];
    };
    return { name, files: [...tables.flatMap(({ files }) => files), ...others] };
  } catch {
    return undefined;
  }
}

async function missing(place: Place, files: readonly Listed[]): Promise<string[]> {
  if (files.length === 0) return ['LATEST.json lists nothing'];
  const sizes = place.kind === 's3' ? await listed(place, folderOf(files)) : await onDisk(place.path, files);
  return files.flatMap(({ name, bytes }) => {
    const found = sizes.get(name);
    if (found === bytes) return [];
    return [found === undefined ? `${name} is not there` : `${name} has ${found} bytes, not ${bytes}`];
  });
}

async function readLatest(place: Place): Promise<LatestText | undefined> {
  if (place.kind === 's3') return await getLatest(place);
  const file = join(place.path, 'LATEST.json');
  try {
    const text = await readFile(file, 'utf8');
    return { text, version: text };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function onDisk(folder: string, files: readonly Listed[]): Promise<Map<string, number>> {
  const sizes = files.map(async ({ name }) => {
    const found = await stat(join(folder, name)).catch(() => undefined);
    return found === undefined ? [] : [[name, found.size] as const];
  });
  return new Map((await Promise.all(sizes)).flat());
}

/** The deepest folder that holds all of them, with its slash: emulators take long to list what nobody asked for. */
function folderOf(files: readonly Listed[]): string {
  const [first = '', ...others] = files.map(({ name }) => name.slice(0, name.lastIndexOf('/') + 1));
  let folder = first;
  while (!others.every((name) => name.startsWith(folder))) {
    folder = folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1);
  }
  return folder;
}

type Bucket = Extract<Place, { kind: 's3' }>;

/** Emulators do not check signatures, and moto goes by their scope. */
const scope = 'test/20260101/eu-west-1/s3/aws4_request';
const headers = { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0` };

/** moto fails where an object is read that is overwritten at that instant; S3 does not. */
const MAX_FAILURES = 50;

async function got(
  url: string,
): Promise<{ readonly status: number; readonly etag: string; readonly text: string }> {
  for (let failures = 0; ; failures++) {
    const response = await fetch(url, { headers });
    const { status } = response;
    const text = await response.text();
    if (status < 500) return { status, etag: response.headers.get('etag') ?? '', text };
    if (failures === MAX_FAILURES) throw new Error(`${url}: ${status} ${text}`);
  }
}

async function getLatest({ endpoint, bucket, prefix }: Bucket): Promise<LatestText | undefined> {
  const { status, etag, text } = await got(`${endpoint}/${bucket}/${prefix}LATEST.json`);
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`LATEST.json: ${status} ${text}`);
  return { text, version: etag };
}

/** All objects below a folder of the prefix, by their names relative to the prefix. */
async function listed({ endpoint, bucket, prefix }: Bucket, folder: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  let token: string | undefined;
  do {
    const query = new URLSearchParams({
      'list-type': '2',
      prefix: prefix + folder,
      ...(token ? { 'continuation-token': token } : {}),
    });
    const { text } = await got(`${endpoint}/${bucket}?${query}`);
    for (const [, entry = ''] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
      const name = decoded(/<Key>([^<]*)</.exec(entry)?.[1] ?? '');
      sizes.set(name.slice(prefix.length), Number(/<Size>(\d+)</.exec(entry)?.[1]));
    }
    token = /<NextContinuationToken>([^<]*)</.exec(text)?.[1];
  } while (token !== undefined);
  return sizes;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replaceAll(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole);
}
