import { expect, it } from "vitest";
import type { Preview } from "@/api/generated";
import { toEffects, toMatrix } from "./preview-tables";

const week = (day: number) => `2026-10-0${day}T00:00:00Z`;
const effect = (day: number, category_id: string, before: number, after: number) => ({
  week: week(day),
  category_id,
  before,
  after,
});

it("gives each category its weeks, what changes most first, and zero where nothing was read", () => {
  const preview = {
    weeks: [1, 2].map((day) => ({ week: week(day), conversations: 4, read: 2 })),
    effects: [effect(1, "a", 3, 3), effect(2, "a", 1, 2), effect(2, "b", 4, 0)],
  } as unknown as Preview;
  expect(toEffects(preview)).toEqual([
    { id: "b", before: [0, 4], after: [0, 0], sums: [4, 0] },
    { id: "a", before: [3, 1], after: [3, 2], sums: [4, 5] },
  ]);
});

it("counts pairs of categories, none where there is none", () => {
  const move = (before: string, after: string, conversations: number) => ({
    before,
    after,
    conversations,
    is_meant: false,
    examples: [],
  });
  const { rows, columns, of } = toMatrix([move("b", "a", 2), move("a", "a", 5), move("b", "c", 1)]);
  expect([rows, columns]).toEqual([
    ["a", "b"],
    ["a", "c"],
  ]);
  expect([of("b", "a"), of("a", "a"), of("a", "c")]).toEqual([2, 5, 0]);
});
