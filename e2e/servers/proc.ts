/** What Linux tells of a process under /proc. */
import { readdir, readFile } from "node:fs/promises";

/** Kernel ticks per second in /proc/PID/stat (USER_HZ): 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** User and system CPU seconds that a process has used, all its threads together. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The fields after the command's name, which may hold blanks and brackets: utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Where a process stands, in one line: its state, and what it waits for in the kernel. */
export async function whereabouts(pid: number): Promise<string> {
  const [status, waitsFor] = await Promise.all(
    ["status", "wchan"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")),
  );
  const [, state] = /^State:\s+(.+)$/m.exec(status ?? "") ?? [];
  return `pid ${pid}: ${state ?? "gone"}, waits for ${waitsFor || "nothing that is told"}`;
}

/** Most bytes of memory that a process ever held (VmHWM). */
export async function memoryPeakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  return Number(kib) * 1024;
}

/** Bytes of memory that a process holds now (VmRSS). */
export async function memoryBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return Number(kib) * 1024;
}

/** How many files, sockets and watches a process has open. */
export async function openFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** Bytes that a process has read so far, from sockets as well as from files. */
export async function bytesRead(pid: number): Promise<number> {
  const io = await readFile(`/proc/${pid}/io`, "utf8");
  return Number(/^rchar: (\d+)$/m.exec(io)?.[1]);
}

/** Stops processes where they are, as if their machine hung; what it gives lets them go on. */
export function pauseAll(pids: readonly number[]): () => void {
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  return () => {
    for (const pid of pids) process.kill(pid, "SIGCONT");
  };
}

/** The processes that a process has started, and those that they have. */
export async function descendants(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const children = text.split(" ").filter(Boolean).map(Number);
  const theirs = await Promise.all(children.map(descendants));
  return [...children, ...theirs.flat()];
}
