/** Loaded into a measured Node program by `--import`: writes its peak memory and CPU time to file descriptor 3 as it exits. */
import { readFileSync, writeSync } from 'node:fs';

/** Linux keeps the high-water mark of this very program; elsewhere the kernel's figure may include its parent's. */
function peakBytes() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

process.once('exit', () => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6;
  writeSync(3, JSON.stringify({ peakBytes: peakBytes(), cpuSeconds }));
});
