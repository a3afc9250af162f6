import type { ExportJournal, ExportPoint } from '../engine/export/export-journal.js';
import type { Log } from './state.js';

/** A line of the journal about an export: it takes the place of those before it. */
export interface ExportRecord {
  readonly is: 'exporting';
  readonly step: string;
  readonly point: ExportPoint;
}

/** An export's part of a journal. */
export function exportJournal(step: string, log: Log, past: ExportPoint | undefined): ExportJournal {
  return {
    ...(past ? { past } : {}),
    note: (point) => log.add({ is: 'exporting', step, point } satisfies ExportRecord),
    complete: (result) => log.add({ is: 'complete', step, result }),
  };
}
