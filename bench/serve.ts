import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { type Benchmark, median, type Row } from "./benchmark.ts";

const connections = 64;
const body = JSON.stringify({ inputs: [{ x: 3, y: 2 }] });

interface Server {
  readonly address: string;
  readonly process: ChildProcess;
  readonly lines: AsyncIterator<string>;
}

/** Requests per second of predict, against a bare handler, and the delay of the HTTP thread under that load. */
export const serveHttp: Benchmark = {
  name: "serve",
  about: "predict requests/s against a bare node:http handler; event-loop delay under load",
  async run({ rounds, seconds, tell }) {
    const [nacre, bare] = [await open("serve-nacre.ts"), await open("serve-bare.ts")];
    const rates = { nacre: [] as number[], bare: [] as number[] };
    let delay = Number.NaN;
    try {
      await load(nacre.address, 1);
      nacre.process.stdin!.write("reset\n");
      for (let round = 1; round <= rounds; round++) {
        rates.nacre.push(await load(nacre.address, seconds));
        rates.bare.push(await load(bare.address, seconds));
        tell(
          `round ${round} of ${rounds}  nacre: ${rates.nacre.at(-1)!.toFixed(0)}  bare node:http: ${rates.bare.at(-1)!.toFixed(0)}`,
        );
      }
      nacre.process.stdin!.end();
      delay = Number((await nacre.lines.next()).value.replace("delay ", ""));
    } finally {
      nacre.process.kill();
      bare.process.kill();
    }
    const [ours, peer] = [median(rates.nacre), median(rates.bare)];
    const limit = 10;
    return [
      { name: "serve", unit: "requests/s", ours, peer, peerName: "bare node:http", ratio: ours / peer, goal: 0.5 },
      // Less is better: the ratio is how far below the limit it stays.
      {
        name: "serve-delay",
        unit: "ms, p99 of the HTTP thread's event loop",
        ours: delay,
        peer: limit,
        peerName: "limit",
        ratio: limit / delay,
        goal: 1,
      },
    ] satisfies Row[];
  },
};

async function open(script: string): Promise<Server> {
  const path = fileURLToPath(new URL(`contenders/${script}`, import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@nacre/source", "--import", "tsx", path], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  const first = await Promise.race([lines.next(), once(child, "exit").then(() => undefined)]);
  if (first === undefined) throw new Error(`${script} ended before it served.`);
  return { address: first.value as string, process: child, lines };
}

async function load(url: string, seconds: number): Promise<number> {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refusals, ${result.errors} errors.`);
  return result.requests.average;
}
