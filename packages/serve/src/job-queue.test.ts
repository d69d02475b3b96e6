import { expect, it } from "vitest";
import { Job } from "./job.ts";
import { JobQueue } from "./job-queue.ts";

function queueOf(...sizes: number[]) {
  const queue = new JobQueue();
  const jobs = sizes.map((size) => {
    const onSettled = (settled: Job) => !settled.dispatched && queue.settled(settled);
    const job = new Job({ payload: "{}", size, timeLimitMilliseconds: 60_000, onSettled });
    job.outputs.catch(() => undefined);
    queue.push(job);
    return job;
  });
  const end = () => {
    for (const job of jobs) job.cancel();
  };
  return { queue, jobs, end };
}

it("takes jobs in order as long as they fit", () => {
  const { queue, jobs, end } = queueOf(1, 2, 3, 1);
  expect(queue.inputs).toBe(7);
  expect(queue.take(4)).toEqual(jobs.slice(0, 2));
  expect([queue.length, queue.inputs]).toEqual([2, 4]);
  expect(queue.take(4)).toEqual(jobs.slice(2));
  expect([queue.length, queue.inputs, queue.take(4)]).toEqual([0, 0, []]);
  end();
});

it("takes a job that is larger than a batch alone", () => {
  const { queue, jobs, end } = queueOf(9, 1);
  expect(queue.take(4)).toEqual([jobs[0]]);
  end();
});

it("passes over jobs that were cancelled while they waited and lets go of their bodies", () => {
  const { queue, jobs, end } = queueOf(1, 1, 1);
  jobs[0]!.cancel();
  jobs[1]!.cancel();
  expect([queue.length, queue.inputs]).toEqual([1, 1]);
  expect(queue.first).toBe(jobs[2]);
  expect(jobs[0]!.payload).toBe("");
  expect([...queue]).toEqual([jobs[2]]);
  expect(queue.take(4)).toEqual([jobs[2]]);
  end();
});

it("stays small over many jobs", () => {
  const { queue, jobs, end } = queueOf(...new Array<number>(5000).fill(1));
  for (let taken = 0; taken < 5000; taken += 50) expect(queue.take(50)).toHaveLength(50);
  expect(queue.first).toBeUndefined();
  expect(jobs.every(({ dispatched }) => dispatched)).toBe(true);
  end();
});
