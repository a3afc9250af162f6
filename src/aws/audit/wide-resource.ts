/** Actions that AWS grants for all resources or none. */
const withoutResource =
  /^(xray:|ec2:(Describe|CreateNetworkInterface|DeleteNetworkInterface|AssignPrivateIp|UnassignPrivateIp)|cloudwatch:PutMetricData$|dynamodb:ListTables$|sts:GetCallerIdentity$|s3:ListAllMyBuckets$|logs:(DescribeLogGroups|\w+LogDelivery|ListLogDeliveries|PutResourcePolicy|DescribeResourcePolicies)$|rds:Describe|states:List|lambda:List|sqs:ListQueues$|secretsmanager:(ListSecrets|GetRandomPassword)$)/;

export function isWithoutResource(action: string): boolean {
  return withoutResource.test(action);
}

/** Whole kinds of things: `*`, or a wildcard before anything has been named. */
export function isWide(resource: string): boolean {
  if (resource === '*') return true;
  const [, , , region = '', account = '', ...rest] = resource.replaceAll(/\$\{[^}]*\}/g, '$').split(':');
  const name = rest.join(':');
  return region.includes('*') || account.includes('*') || /^([a-z-]+[:/])?\*/.test(name);
}

/** Objects of a named bucket, streams of a named log group, indexes of a named table, a secret's own six characters. */
export function isPartOfNamed(resource: string): boolean {
  return (
    /:s3:::[^*?]+\/[^*?]*\*$/.test(resource) ||
    /^\$\{[^}]+\.Arn\}(\/[^*?]*)?[/:]\*$/.test(resource) ||
    /:log-group:[^*?]+:(log-stream:[^*?]*)?\*$/.test(resource) ||
    /:table\/[^*?]+\/(index|stream)\/\*$/.test(resource) ||
    /:secret:[^*?]+-\?{6}$/.test(resource)
  );
}

/** The rule that finds these actions on this resource too wide: whoever writes such a policy has to say why. */
export function wideRule(
  actions: readonly string[],
  resource: string,
): 'resource-wildcard' | 'resource-prefix' | undefined {
  if (!/[*?]/.test(resource)) return undefined;
  if (!isWide(resource)) return isPartOfNamed(resource) ? undefined : 'resource-prefix';
  return actions.every(isWithoutResource) ? undefined : 'resource-wildcard';
}
