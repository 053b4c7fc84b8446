import { expect, it } from "vitest";
import { toShares } from "./day-shares";

it("the shares of a day are all of its conversations", () => {
  const day = {
    day: "2026-11-20",
    listed: 20,
    stored: 15,
    pending: 2,
    skipped: 1,
    failed: 2,
    incomplete: 3,
  };
  expect(toShares(day)).toEqual({ whole: 12, partly: 6, failed: 2 });
});
