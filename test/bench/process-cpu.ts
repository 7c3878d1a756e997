/** The CPU time of a running stack's processes, by their part in it. */

import { readdirSync, readFileSync } from 'node:fs';

/** The kernel counts CPU time in hundredths of a second. */
const msPerTick = 10;

export type Part = 'gateway' | 'ingest' | 'other functions' | 'engine';

/** The CPU time so far of each part, in milliseconds; none where the machine has no `/proc`. */
export type PartsCpu = Readonly<Partial<Record<Part, number>>>;

/**
 * @param stackPid the process that runs gateway, queues and monitoring
 * @param ingestName the name of the ingest function
 */
export function partsCpu(stackPid: number, ingestName: string): PartsCpu {
  const parts: Partial<Record<Part, number>> = {};
  for (const pid of [stackPid, ...descendantsOf(stackPid)]) {
    const part = pid === stackPid ? 'gateway' : partOf(pid, ingestName);
    if (part !== null) parts[part] = (parts[part] ?? 0) + cpuMsOfProcess(pid);
  }
  return parts;
}

/** The CPU time of a process so far; 0 where it has ended. */
export function cpuMsOfProcess(pid: number): number {
  const fields = statOf(pid);
  return fields === null ? 0 : (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

/** The process of that command and with that text among its arguments, below another one. */
export function descendantNamed(ancestor: number, command: string, argument: string): number | null {
  const isIt = (pid: number) => isNamed(pid, command) && textIn(pid, 'cmdline')?.includes(argument);
  return descendantsOf(ancestor).find(isIt) ?? null;
}

function isNamed(pid: number, command: string): boolean {
  return textIn(pid, 'comm')?.trim() === command;
}

function partOf(pid: number, ingestName: string): Part | null {
  if (isNamed(pid, 'dynoxide')) return 'engine';
  const [, name] = /(?:^|\0)AWS_LAMBDA_FUNCTION_NAME=([^\0]*)/.exec(textIn(pid, 'environ') ?? '') ?? [];
  if (name === undefined) return null;
  return name === ingestName ? 'ingest' : 'other functions';
}

function descendantsOf(ancestor: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of allPids()) {
    const parent = Number(statOf(pid)?.[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] => (children.get(pid) ?? []).flatMap(child => [child, ...below(child)]);
  return below(ancestor);
}

function allPids(): number[] {
  try {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** The fields of `/proc/<pid>/stat` after the command, which may hold blanks. */
function statOf(pid: number): string[] | null {
  const stat = textIn(pid, 'stat');
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function textIn(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null;
  }
}
