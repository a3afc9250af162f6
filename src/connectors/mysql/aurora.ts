import { awsPartition } from '../aws-endpoint.js';
import type { Finding, Permission } from '../connector.js';
import type { LoadObjects, LoadPlace } from './load-objects.js';
import type { Server } from './server.js';
import type { Session } from './session.js';

/** What Aurora wants for LOAD DATA FROM S3: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.LoadFromS3.html */
const ROLE = 'AWS_LOAD_S3_ACCESS';
const PRIVILEGE = 'LOAD FROM S3';

/** From version 3 on a role allows it to a user, before that a privilege. */
export function hasRoles(server: Server): boolean {
  return Number(server.variables.get('aurora_version')?.split('.')[0]) >= 3;
}

/** Roles that a user has are not at once those of a session. */
export async function useRoles(session: Session): Promise<void> {
  await session.run('SET ROLE ALL');
}

/** What the plan has to say of loading from S3; any `refuse` stops the run. */
export async function loadFromFindings(
  session: Session,
  server: Server,
  objects: LoadObjects,
): Promise<readonly Finding[]> {
  if (server.variables.get('aurora_version') === undefined) {
    const message = 'the server is not Aurora: LOAD DATA FROM S3 exists only there';
    return [refusal('unsupported', message, 'leave `loadFrom` out: rows go through the connection')];
  }
  return [
    ...(await userFindings(session, server)),
    ...clusterFindings(server),
    ...(await bucketFindings(objects)),
  ];
}

async function userFindings(session: Session, server: Server): Promise<readonly Finding[]> {
  if (hasRoles(server)) {
    await useRoles(session);
    const [row] = await session.rows('SELECT CURRENT_ROLE()');
    if (new RegExp(`\\b${ROLE}\\b`).test(String(row?.[0] ?? ''))) return [];
    const message = `the user does not have the role ${ROLE}, without which Aurora loads nothing from S3`;
    return [refusal('access_denied', message, `GRANT ${ROLE} TO the user`)];
  }
  const grants = await session.rows('SHOW GRANTS');
  if (grants.some(([grant]) => /\b(LOAD FROM S3|ALL PRIVILEGES)\b.* ON \*\.\*/.test(String(grant))))
    return [];
  const message = `the user does not have the privilege ${PRIVILEGE}, without which Aurora loads nothing from S3`;
  return [refusal('access_denied', message, `GRANT ${PRIVILEGE} ON *.* TO the user`)];
}

/** The role as which the cluster reads objects; undefined where it has none. */
function clusterRole(server: Server): string | undefined {
  const names = hasRoles(server)
    ? ['aws_default_s3_role']
    : ['aurora_load_from_s3_role', 'aws_default_s3_role'];
  return names.map((name) => server.variables.get(name)).find((arn) => arn !== undefined && arn !== '');
}

function clusterFindings(server: Server): readonly Finding[] {
  if (clusterRole(server) !== undefined) return [];
  const names = hasRoles(server)
    ? 'aws_default_s3_role is'
    : 'aurora_load_from_s3_role and aws_default_s3_role are';
  const message = `the cluster has no role for S3: its parameter ${names} not set`;
  const hint =
    'set it to the ARN of a role that may read the objects, and associate that role with the cluster';
  return [refusal('unsupported', message, hint)];
}

async function bucketFindings(objects: LoadObjects): Promise<readonly Finding[]> {
  const { bucket, folder } = objects.place;
  const { sight, region } = await objects.look();
  const path = 'loadFrom.bucket';
  if (sight === 'there') {
    const message = `rows go through objects below s3://${bucket}/${folder}, by LOAD DATA FROM S3`;
    return [{ level: 'note', code: 'note', message }];
  }
  if (sight === 'missing')
    return [
      refusal('bucket_missing', `the bucket ${bucket} does not exist`, 'check `loadFrom.bucket`', path),
    ];
  if (sight === 'elsewhere') {
    const hint = region === undefined ? 'check `loadFrom.region`' : `say loadFrom: { region: ${region} }`;
    return [
      refusal('bucket_missing', `the bucket ${bucket} is in ${region ?? 'another region'}`, hint, path),
    ];
  }
  const message = `the bucket ${bucket} may not be looked at from here`;
  const hint = `allow s3:ListBucket on it: what a killed run leaves there could not be found`;
  return [refusal('access_denied', message, hint, path)];
}

function refusal(code: Finding['code'], message: string, hint: string, path = 'loadFrom'): Finding {
  return { level: 'refuse', code, message, hint, path };
}

/** What it needs besides what the rows need: of the caller, of the user and of the cluster. */
export function loadFromPermissions(
  server: Server,
  place: LoadPlace,
  role: string | undefined,
): readonly Permission[] {
  return [
    ...(role === undefined
      ? []
      : [{ action: 'sts:AssumeRole', resource: role, reason: "works with the role's permissions" }]),
    ...objectPermissions(place, [
      ['s3:PutObject', 'puts the lines of each batch'],
      ['s3:DeleteObject', 'removes them when the server has read them'],
      ['s3:ListBucket', 'sees before a run that the bucket is there, and finds what killed runs have left'],
    ]),
    userPermission(server),
    ...clusterPermissions(server, place),
  ];
}

function userPermission(server: Server): Permission {
  const reason = 'loads objects of S3';
  if (hasRoles(server)) return { action: ROLE, resource: 'LOAD DATA FROM S3', grantOn: '', reason };
  const wildcard = 'the server grants it as a whole only';
  return { action: PRIVILEGE, resource: '*.*', grantOn: '*.*', reason, wildcard };
}

/** https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.Authorizing.IAM.S3CreatePolicy.html */
function clusterPermissions(server: Server, place: LoadPlace): readonly Permission[] {
  const by = clusterRole(server);
  if (by === undefined) return [];
  const reason = 'Aurora reads the lines as this role';
  const needed = ['s3:GetObject', 's3:GetObjectVersion', 's3:ListBucket'] as const;
  return objectPermissions(
    place,
    needed.map((action) => [action, reason]),
  ).map((permission) => ({ ...permission, by }));
}

function objectPermissions(
  { bucket, region, folder }: LoadPlace,
  needed: readonly (readonly [action: string, reason: string])[],
): readonly Permission[] {
  const arn = `arn:${awsPartition(region)}:s3:::${bucket}`;
  const wildcard = 'each statement has an object of its own below this';
  return needed.map(([action, reason]) =>
    action === 's3:ListBucket'
      ? { action, resource: arn, reason }
      : { action, resource: `${arn}/${folder}*`, reason, wildcard },
  );
}
