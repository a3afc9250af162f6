import { resolve } from 'node:path';
import { preparedVenv, type Venv } from './venv.js';

const request = {
  folder: resolve(import.meta.dirname, '../../.local/scanners'),
  packages: ['cfn-lint==1.58.0', 'checkov==3.3.30'],
};

/** The Python that has cfn-lint and checkov, installed if need be. Throws `server_missing` where it cannot be had. */
export async function preparedScanners(say?: (line: string) => void): Promise<Venv> {
  return await preparedVenv(request, say);
}
