import { week } from "@tests/samples";
import { expect, it } from "vitest";
import { describeGaps, readConversations } from "./coverage-gaps";

it("all that has a label counts as read, also where nobody could tell", () => {
  expect(readConversations(week())).toBe(100);
});

it("a complete week has no gaps", () => {
  expect(describeGaps(week())).toEqual([]);
});

it("every gap is named once, with its size", () => {
  const coverage = {
    expected: 120,
    listed: 118,
    unlisted: 2,
    stored: 110,
    pending: 5,
    skipped: 2,
    failed: 1,
    unreadable: 3,
    incomplete: 4,
  };
  expect(describeGaps(week({ coverage }))).toEqual([
    "10 fetched but not read",
    "4 incomplete",
    "7 not fetched",
    "1 failed",
    "2 left out",
    "3 unreadable",
  ]);
});
