import { describe, expect, it } from "vitest";
import { estimate, interval } from "./change";
import * as format from "./format";

describe("numbers", () => {
  it("are shares that never claim all or nothing", () => {
    expect([0, 0.0004, 0.034, 0.07, 0.5, 0.993, 0.9999, 1].map(format.percent)).toEqual([
      "0%",
      "<0.1%",
      "3.4%",
      "7.0%",
      "50%",
      ">99%",
      ">99%",
      "100%",
    ]);
  });

  it("show on which side of 1× a ratio is", () => {
    expect([0, 0.05, 0.312, 0.5, 1, 1.048, 2, 2.24, 14.3].map(format.times)).toEqual([
      "0×",
      "0.05×",
      "0.31×",
      "0.50×",
      "1.00×",
      "1.05×",
      "2.0×",
      "2.2×",
      "14×",
    ]);
  });

  it("that are compared have as many decimals as their neighbours", () => {
    expect([0, 2, 2.25, 12.4].map(format.mean)).toEqual(["0", "2.0", "2.3", "12"]);
  });

  it("that are multiplied keep the decimals that matter", () => {
    expect([1, 35, 0.6, 1.194, 12.4].map(format.factor)).toEqual(["1", "35", "0.60", "1.19", "12"]);
  });

  it("stand with the right form of the word", () => {
    expect(format.amount(1, "customer", "customers")).toBe("1 customer");
    expect(format.amount(1200, "customer", "customers")).toBe("1,200 customers");
  });
});

describe("times", () => {
  it("are durations in two units at most", () => {
    expect([-5, 8400, 200_000, 3_840_000].map(format.duration)).toEqual([
      "0 s",
      "8.4 s",
      "3 min 20 s",
      "1 h 4 min",
    ]);
  });

  it("are ages in the largest whole unit", () => {
    const now = Date.parse("2026-11-20T12:00:00Z");
    expect(format.age("2026-11-20T11:59:50Z", now)).toBe("now");
    expect(format.age("2026-11-20T09:30:00Z", now)).toBe("2 hours ago");
    expect(format.age("2026-11-17T12:00:00Z", now)).toBe("3 days ago");
  });

  it("are dates of the zone that is asked for", () => {
    expect(format.date("2026-11-20T23:30:00Z", "day", "UTC")).toBe("20 Nov 2026");
    expect(format.date("2026-11-20T23:30:00Z", "day", "Asia/Tokyo")).toBe("21 Nov 2026");
    expect(format.isTimeZone("Mars/Olympus")).toBe(false);
  });
});

it("languages have names, and unknown codes stay", () => {
  expect(format.languageName("de")).toBe("German");
  expect(format.languageName("not a code")).toBe("not a code");
});

describe("a change", () => {
  it("has its interval beside it", () => {
    const change = { value: 2.24, low: 1.048, high: 4.3 };
    expect([estimate(change), interval(change)]).toEqual(["2.2×", "1.05× to 4.3×"]);
  });

  it("without an upper bound says from where on", () => {
    const change = { value: null, low: 2.08, high: null };
    expect([estimate(change), interval(change)]).toEqual(["none before", "at least 2.1×"]);
  });

  it("of nothing to nothing has no interval", () => {
    const change = { value: null, low: 0, high: null };
    expect([estimate(change), interval(change)]).toEqual(["none in five weeks", ""]);
  });
});
