import { estimate } from "@tests/samples";
import { describe, expect, it } from "vitest";
import { fourWeeksBefore, weekFrom, windowOf } from "./windows";

describe("the windows that figures count in", () => {
  it("a week has seven whole days", () => {
    expect(weekFrom("2026-10-26T00:00:00Z")).toEqual({
      since: "2026-10-26T00:00:00Z",
      until: "2026-11-02T00:00:00.000Z",
    });
  });

  it("the usual weeks end where the week begins", () => {
    expect(fourWeeksBefore("2026-10-29T00:00:00Z").since).toBe("2026-10-01T00:00:00.000Z");
  });

  it("an estimate of everything has none", () => {
    expect(windowOf(estimate())).toEqual({});
    const since = "2026-10-26T00:00:00Z";
    expect(windowOf(estimate({ since, until: since }))).toEqual({ since, until: since });
  });
});
