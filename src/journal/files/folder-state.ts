import { join } from 'node:path';
import type { Served } from '../served.js';
import type { Kept, Lease, LeaseOf, Logs, PipelineState } from '../state.js';
import { FileLogs } from './file-logs.js';
import { FolderLease } from './folder-lease.js';
import { KeptFile } from './kept-file.js';
import { stateFolder } from './state-folder.js';
import { verifyScratch } from './verify-scratch.js';

/** A pipeline's state as files of this machine, or of a folder that machines share. */
export class FolderState implements PipelineState {
  readonly pipeline: string;
  readonly address: string;
  readonly keepsScratch = true;
  readonly needs = { permissions: [] };
  readonly runs: Logs;
  readonly reports: Logs;
  readonly keys: Logs;
  readonly received: Logs;
  readonly served: Kept<Served>;

  /** `folder`: the state directory, an absolute path. */
  constructor(folder: string, pipeline: string) {
    this.pipeline = pipeline;
    this.address = folder;
    this.runs = new FileLogs(folder, pipeline, 'runs');
    this.reports = new FileLogs(folder, pipeline, 'reports');
    this.keys = new FileLogs(folder, pipeline, 'keys');
    this.received = new FileLogs(folder, pipeline, 'received');
    this.served = new KeptFile<Served>(folder, pipeline, 'serve', 'served.json');
  }

  rejects(run: string): Logs {
    return new FileLogs(this.address, this.pipeline, 'rejects', run);
  }

  async lease(of: LeaseOf): Promise<Lease> {
    const names = of === 'runs' ? [] : [of];
    return await FolderLease.take(await stateFolder(this.address, this.pipeline, ...names));
  }

  scratch(name?: string): string {
    const names = name === undefined ? [] : [encodeURIComponent(name)];
    return join(this.address, this.pipeline, 'scratch', ...names);
  }

  async makeScratch(name: string): Promise<string> {
    return await stateFolder(this.address, this.pipeline, 'scratch', encodeURIComponent(name));
  }

  async verifyScratch(label: string): Promise<string> {
    return await verifyScratch(await stateFolder(this.address, this.pipeline, 'scratch'), label);
  }
}
