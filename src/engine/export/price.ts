/**
 * What RDS asks for an export in us-east-1, US dollars for a GB of the snapshot, whatever tables are chosen. Looked up in
 * November 2026; other regions ask for more or less: https://aws.amazon.com/rds/mysql/pricing/
 */
const DOLLARS_PER_GB = 0.01;

/** What a plan says of an export before anything is begun. */
export interface ExportForecast {
  /** For the export itself; requests and storage are not in it. Absent where the size is not known. */
  readonly dollars?: number;
  /** For people. */
  readonly price: string;
  readonly time: string;
}

/**
 * `gib` is the snapshot's storage (`ExporterDescription.gib`). `lastSeconds` is how long this step's last complete run
 * took: AWS tells no rate, so it is the only figure there is.
 */
export function exportForecast(gib: number | undefined, lastSeconds?: number): ExportForecast {
  const time = lastSeconds === undefined ? unknownTime : `the last one took ${wholeMinutes(lastSeconds)}`;
  if (gib === undefined)
    return { price: `$${rate} of the snapshot, whose size is not known yet; ${rest}`, time };
  const dollars = gib * DOLLARS_PER_GB;
  return {
    dollars,
    price: `about $${dollars.toFixed(2)}: ${gib} GiB of snapshot at $${rate}; ${rest}`,
    time,
  };
}

const rate = `${DOLLARS_PER_GB.toFixed(3)} a GB in us-east-1 (November 2026; other regions differ)`;
const rest = 'requests to S3 and KMS, and what is kept there, are not in it';

/** https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-export-snapshot.Exporting.html */
const unknownTime =
  'not known before the first run: RDS restores the whole snapshot before it exports, and AWS tells no rate; a table without a number as its key is exported by one thread';

function wholeMinutes(seconds: number): string {
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}
