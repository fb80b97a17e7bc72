import { isObject, parseObject } from "@spin-publisher/json";

/** The names of the jobs that failed, from the `needs` context as JSON; none where nothing was handed over. */
export function failedJobs(json: string): readonly string[] {
  if (json === "") return [];
  return Object.entries(parseObject(new TextEncoder().encode(json), 'Input "jobs"')).flatMap(([name, job]) =>
    isObject(job) && job.result === "failure" ? [name] : [],
  );
}
