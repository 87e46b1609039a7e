/** What Linux tells of a process under /proc. */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** Kernel ticks per second in /proc/PID/stat (USER_HZ): 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** User and system CPU seconds that a process has used, all its threads together. */
export async function cpuSeconds(pid: number): Promise<number> {
  const fields = fieldsOf(await readFile(`/proc/${pid}/stat`, "utf8"));
  // utime and stime are the 14th and 15th of the line.
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

/**
 * Stops processes where they are, as if their machine hung; what it gives lets them go on. Resolves when all their threads stand:
 * the signal takes effect when one of them gets a core, and until then the others go on answering.
 */
export async function pauseAll(pids: readonly number[]): Promise<() => void> {
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  for (const pid of pids) while (await goesOn(pid)) await sleep(1);
  return () => {
    for (const pid of pids) process.kill(pid, "SIGCONT");
  };
}

/** True while a thread of it runs or sleeps; one that has ended meanwhile does neither. */
async function goesOn(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`);
  const stats = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, "utf8").catch(() => "")),
  );
  return stats.some((stat) => ["R", "S", "D"].includes(fieldsOf(stat)[0] ?? ""));
}

/** The fields after the command's name, which may hold blanks and brackets: the first is the state. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** The processes that a process has started, and those that they have. */
export async function descendants(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const children = text.split(" ").filter(Boolean).map(Number);
  const theirs = await Promise.all(children.map(descendants));
  return [...children, ...theirs.flat()];
}
