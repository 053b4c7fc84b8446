import { expect, it } from "vitest";
import { driversOrder } from "./week";

it("a week says whether any theme has surely risen, and how many", () => {
  expect([0, 1, 3].map(driversOrder)).toEqual([
    "No theme has surely risen; each rise below may be chance. Largest of this week first.",
    "1 theme has surely risen and comes first; then the largest of this week.",
    "3 themes have surely risen and come first; then the largest of this week.",
  ]);
});
