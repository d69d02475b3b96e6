import type { Job } from "./job.ts";

/** The jobs that wait for one model, oldest first. Jobs settled while they wait are passed over. */
export class JobQueue {
  #jobs: Job[] = [];
  #head = 0;
  #length = 0;
  #inputs = 0;

  /** Jobs that wait. */
  get length(): number {
    return this.#length;
  }

  /** Inputs of the jobs that wait. */
  get inputs(): number {
    return this.#inputs;
  }

  /** The job that has waited longest. */
  get first(): Job | undefined {
    while (this.#head < this.#jobs.length && this.#jobs[this.#head]!.settled) this.#head++;
    if (this.#head === this.#jobs.length) this.#compact();
    return this.#jobs[this.#head];
  }

  push(job: Job): void {
    this.#jobs.push(job);
    this.#length++;
    this.#inputs += job.size;
  }

  /** Must be told of each job that settles while it waits here. */
  settled(job: Job): void {
    this.#length--;
    this.#inputs -= job.size;
  }

  /** The next batch: as many jobs in order as fit `maxBatch` inputs, and at least one. */
  take(maxBatch: number): Job[] {
    const batch: Job[] = [];
    let inputs = 0;
    for (let job = this.first; job !== undefined; job = this.first) {
      if (batch.length > 0 && inputs + job.size > maxBatch) break;
      this.#head++;
      job.dispatched = true;
      batch.push(job);
      inputs += job.size;
      this.settled(job);
    }
    if (this.#head > 1024) this.#compact();
    return batch;
  }

  /** Every job that waits. */
  *[Symbol.iterator](): Iterator<Job> {
    for (const job of this.#jobs.slice(this.#head)) if (!job.settled) yield job;
  }

  #compact(): void {
    this.#jobs = this.#jobs.slice(this.#head);
    this.#head = 0;
  }
}
