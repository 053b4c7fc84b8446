import { expect, it } from "vitest";
import type { CategoryChart } from "@/api/generated";
import { sideBySide, toRows } from "./week-counts";

const weeks = ["2026-10-01T00:00:00Z", "2026-10-08T00:00:00Z"];
const chart: CategoryChart = {
  version: 2,
  weeks: weeks.map((week) => ({ week, conversations: 9 })),
  counts: [
    { week: "2026-10-01T00:00:00+00:00", category_id: "a", conversations: 1 },
    { week: "2026-10-08T00:00:00Z", category_id: "b", conversations: 3 },
    { week: "2026-10-08T00:00:00Z", category_id: null, conversations: 5 },
    { week: "2025-01-01T00:00:00Z", category_id: "c", conversations: 7 },
  ],
  unread: 5,
};

it("gives each category its weeks, the largest first, and leaves out what was not read", () => {
  expect(toRows(chart)).toEqual([
    { id: "b", weeks: [0, 3], sum: 3 },
    { id: "a", weeks: [1, 0], sum: 1 },
  ]);
});

it("puts the categories of two versions beside each other", () => {
  const left = toRows(chart);
  const right = [{ id: "new", weeks: [1, 1], sum: 2 }];
  expect(sideBySide(left, right).map(([id, one, two]) => [id, one?.sum, two?.sum])).toEqual([
    ["b", 3, undefined],
    ["a", 1, undefined],
    ["new", undefined, 2],
  ]);
});
