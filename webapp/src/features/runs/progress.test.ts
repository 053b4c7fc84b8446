import { runDetail, runEvent, stage } from "@tests/samples";
import { describe, expect, it } from "vitest";
import type { Stage } from "@/api/generated";
import { elapsed, merge, nothingYet, shownLog, shownStages, speed, take } from "./progress";
import { type RunEvent, readEvent } from "./run-event";

const watched = (events: RunEvent[]) => events.reduce(take, nothingYet);

describe("a run that is watched", () => {
  it("grows with the progress of its stages", () => {
    const live = watched([
      runEvent({ stage: "sync", message: "running", total: 200 }),
      runEvent({ stage: "sync", kind: "progress", done: 50, total: 200 }),
    ]);
    const { run, stages } = merge(runDetail(), live);
    expect(run.status).toBe("running");
    expect(stages[0]).toMatchObject({ status: "running", done: 50, total: 200 });
    expect(stages[1]).toMatchObject({ status: "waiting" });
  });

  it("never goes backwards when old events come again", () => {
    const answer = runDetail({ status: "running" }, [
      stage("sync", { status: "done", done: 200, total: 200, finished_at: "2026-11-20T10:01:00Z" }),
      stage("mask", { status: "running", done: 150, total: 200 }),
    ]);
    const live = watched([
      runEvent({ stage: "sync", kind: "progress", done: 10, total: 200 }),
      runEvent({ stage: "mask", kind: "progress", done: 40, total: 200 }),
    ]);
    expect(merge(answer, live).stages.map(({ status, done }) => [status, done])).toEqual([
      ["done", 200],
      ["running", 150],
    ]);
  });

  it("stays as it ended", () => {
    const answer = runDetail({ status: "cancelled", finished_at: "2026-11-20T10:05:00Z" });
    const live = watched([runEvent({ stage: "sync", message: "running" })]);
    expect(merge(answer, live)).toBe(answer);
  });

  it("ends with its last event, before the full answer is there", () => {
    const live = watched([runEvent({ message: "succeeded" })]);
    expect(merge(runDetail({ status: "running" }), live).run.status).toBe("succeeded");
    expect(watched([runEvent({ kind: "error", message: "no token" })]).ended).toBe("failed");
  });

  it("does not end with a stage's own end or error", () => {
    const live = watched([
      runEvent({ stage: "sync", message: "done" }),
      runEvent({ stage: "sync", kind: "error", message: "one conversation" }),
    ]);
    expect(live.ended).toBeNull();
  });

  it("logs what is not progress, each event once", () => {
    const note = runEvent({ kind: "note", message: "cancel requested" });
    const live = watched([note, runEvent({ stage: "sync", kind: "progress", done: 1 }), note]);
    expect(live.log).toEqual([note]);
  });
});

describe("a stage", () => {
  const now = Date.parse("2026-11-20T10:00:10Z");

  it("has a speed while it runs and after", () => {
    const running = stage("sync", { done: 50, started_at: "2026-11-20T10:00:00Z" });
    expect(speed(running, now)).toBe(5);
    expect(speed({ ...running, finished_at: "2026-11-20T10:00:05Z" }, now)).toBe(10);
  });

  it("that has not begun has neither time nor speed", () => {
    expect(elapsed(stage("sync"), now)).toBeNull();
    expect(speed(stage("sync"), now)).toBeNull();
  });
});

describe("a message of the stream", () => {
  it("is read as an event", () => {
    const data = JSON.stringify({
      id: 7,
      run_id: 1,
      at: "2026-11-20T10:00:00Z",
      stage: "mask",
      kind: "progress",
      done: 3,
      total: null,
      message: "",
    });
    expect(readEvent(data)).toMatchObject({ id: 7, stage: "mask", kind: "progress", done: 3 });
  });

  it.each(["", "{", "null", "[]", '{"id": 1}', '{"id":1,"at":"x","kind":"other"}'])(
    "that is none is ignored: %s",
    (data) => expect(readEvent(data)).toBeNull(),
  );
});

describe("a first look", () => {
  const taken = stage("first_look", { status: "done", done: 400, total: 400 });
  const skipped = stage("first_look", { status: "done", done: 0, total: 0 });
  const waiting = stage("first_look", { status: "waiting" });
  const log = [
    runEvent({ id: 1, stage: "first_look", message: "running" }),
    runEvent({ id: 2, stage: "fetch", message: "running" }),
    runEvent({ id: 3, stage: null, message: "succeeded" }),
  ];

  it("is shown where it was taken", () => {
    expect(shownStages([taken, stage("fetch")])).toHaveLength(2);
    expect(shownLog(log, [taken])).toHaveLength(3);
  });

  it("is not shown where it was skipped or is not due", () => {
    expect(shownStages([skipped, stage("fetch")]).map((one) => one.stage)).toEqual(["fetch"]);
    expect(shownStages([waiting])).toEqual([]);
    expect(shownLog(log, [skipped]).map(({ id }) => id)).toEqual([2, 3]);
  });

  it("is shown where it failed", () => {
    expect(shownStages([{ ...skipped, status: "failed" }])).toHaveLength(1);
  });
});

it("events of every stage are read as of that stage", () => {
  const names: Stage[] = ["sync", "first_look", "fetch", "mask", "learn", "classify", "themes"];
  const read = names.map((name) =>
    readEvent(JSON.stringify({ id: 1, at: "2026-11-20T10:00:00Z", stage: name, kind: "status" })),
  );
  expect(read.map((event) => event?.stage)).toEqual(names);
});
