import { label } from "@tests/samples";
import { expect, it } from "vitest";
import { describeLabel } from "./label-words";

const names: Record<string, string> = {
  billing: "Billing",
  bug: "Bug",
  cannot_tell: "Cannot tell",
};
const nameOf = (id: string) => names[id] ?? id;

it("a sure label says how sure, and what comes next", () => {
  expect(describeLabel(label(), nameOf)).toEqual({
    name: "Billing",
    confidence: "83%",
    otherwise: "then Bug, 11%",
  });
});

it("where it cannot be told, the best guess is named with its probability", () => {
  const unsure = label({
    category_id: "cannot_tell",
    confidence: 0.41,
    runner_up_id: "billing",
    runner_up_confidence: 0.41,
  });
  expect(describeLabel(unsure, nameOf)).toEqual({
    name: "Cannot tell",
    confidence: "",
    otherwise: "best guess Billing, 41%",
  });
});

it("a person's label needs no runner-up", () => {
  const decided = label({ confidence: 1, runner_up_id: null, runner_up_confidence: null });
  expect(describeLabel(decided, nameOf)).toMatchObject({ confidence: "100%", otherwise: "" });
});
