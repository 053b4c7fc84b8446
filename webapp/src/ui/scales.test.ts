import { describe, expect, it } from "vitest";
import { countTicks } from "./axis";
import { ratioPosition } from "./ratio-scale";
import { linePath, sparklinePoints } from "./sparkline-path";
import { fourWeeksBefore } from "./windows";

describe("ratios", () => {
  it("that are twice and half are equally far from as usual", () => {
    expect(ratioPosition(1)).toBe(0.5);
    expect(ratioPosition(2) - 0.5).toBeCloseTo(0.5 - ratioPosition(0.5));
  });

  it("beyond the scale are at its ends", () => {
    expect([0, 0.001, 1000].map(ratioPosition)).toEqual([0, 0, 1]);
  });
});

describe("an axis of counts", () => {
  it.each([0, 1, 3, 7, 22, 99, 1234])("reaches %i in few whole steps", (largest) => {
    const ticks = countTicks(largest);
    expect(ticks[0]).toBe(0);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(largest);
    expect(ticks.length).toBeLessThanOrEqual(7);
    expect(ticks.every(Number.isInteger)).toBe(true);
  });
});

describe("a sparkline", () => {
  it("touches the top at its largest value and the bottom at none", () => {
    const points = sparklinePoints([0, 4, 2], 100, 20);
    expect(points.map(({ y }) => y)).toEqual([17, 3, 10]);
    expect(points.map(({ x }) => x)).toEqual([3, 50, 97]);
    expect(linePath(points)).toBe("M3.0 17.0L50.0 3.0L97.0 10.0");
  });

  it("of nothing is a flat line, and of no weeks no line", () => {
    expect(sparklinePoints([0, 0], 100, 20).map(({ y }) => y)).toEqual([17, 17]);
    expect(linePath(sparklinePoints([], 100, 20))).toBe("");
  });
});

it("a week is compared with the 28 days before it", () => {
  expect(fourWeeksBefore("2026-11-16T00:00:00Z")).toEqual({
    since: "2026-10-19T00:00:00.000Z",
    until: "2026-11-16T00:00:00Z",
  });
});
