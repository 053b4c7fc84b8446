import { expect, it } from "vitest";
import { groupGaps } from "./gap-kinds";

const gap = (conversation_id: string, status: string) => ({
  conversation_id,
  status,
  reason: "why",
  attempts: 1,
});

it("gaps are grouped by what they are; failures are shown elsewhere", () => {
  const statuses = ["failed", "pending", "skipped", "stored", "unheard of"];
  const groups = groupGaps(statuses.map((status, at) => gap(`${at}`, status)));
  expect(groups.map(([kind, gaps]) => [kind, gaps.map((one) => one.conversation_id)])).toEqual([
    ["missing", ["1", "4"]],
    ["truncated", ["3"]],
    ["left_out", ["2"]],
  ]);
});

it("kinds without a gap are not shown", () => {
  expect(groupGaps([gap("1", "stored")]).map(([kind]) => kind)).toEqual(["truncated"]);
  expect(groupGaps([])).toEqual([]);
});
