/** The region in the URL of a queue of AWS itself; undefined for emulators and other hosts. */
export function regionOfUrl(url: string): string | undefined {
  return /^https:\/\/sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\//.exec(url)?.[1];
}

/** Scheme, host and port of a queue's URL, with what stands before its account and name. */
export function endpointOfUrl(url: string): string {
  return url.replace(/\/\d{12}\/[^/]+$/, '');
}

/** The name at the end of a queue's URL or ARN. */
export function queueNameOf(urlOrArn: string): string {
  return urlOrArn.split(/[/:]/).at(-1) ?? '';
}
