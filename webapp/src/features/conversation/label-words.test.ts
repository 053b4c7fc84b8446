import { humanLabel, label } from "@tests/samples";
import { expect, it } from "vitest";
import {
  describeLabel,
  describeMachine,
  describePast,
  localGuess,
  localOpinion,
} from "./label-words";

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

it("says whether the local model thought the same", () => {
  const asked = label({ decider: "llm", local_category_id: "bug", local_confidence: 0.5 });
  expect(localOpinion(asked, nameOf)).toBe("thought otherwise: Bug, 50%");
  expect(localOpinion({ ...asked, category_id: "bug" }, nameOf)).toBe("thought the same: Bug, 50%");
  expect(localOpinion(label(), nameOf)).toBeNull();
});

it("an earlier label names who gave it; only a machine's has a confidence", () => {
  expect(describePast(label(), nameOf)).toBe("Billing, 83%, by the local model");
  const unsure = { category_id: "cannot_tell", runner_up_id: "bug", runner_up_confidence: 0.4 };
  expect(describePast(label(unsure), nameOf)).toBe(
    "Cannot tell, best guess Bug, 40%, by the local model",
  );
  const person = label({ decider: "human", confidence: 1 });
  expect(describePast(person, nameOf)).toBe("Billing, by a person");
});

it("a person's label is shown beside what the machine had said", () => {
  expect(describeMachine(humanLabel(), nameOf)).toBe(
    "(the machine had said Bug, 61%, by the local model)",
  );
  expect(describeMachine(humanLabel({ machine_decider: null }), nameOf)).toBe(
    "(the machine had said Bug, 61%)",
  );
  expect(describeMachine(humanLabel({ machine_value: null }), nameOf)).toBe(
    "(the machine had said nothing)",
  );
});

it("what a language model puts second has no probability of its own", () => {
  const read = label({ runner_up_confidence: null });
  expect(describeLabel(read, nameOf).otherwise).toBe("then Bug");
  const unsure = { ...read, category_id: "cannot_tell" };
  expect(describeLabel(unsure, nameOf).otherwise).toBe("best guess Bug");
});

it("what the local model thought stands beside a language model's label", () => {
  const read = label({ local_category_id: "bug", local_confidence: 0.54 });
  expect(localGuess(read, nameOf)).toBe("the local model thought Bug, 54%");
  expect(localGuess(label(), nameOf)).toBe("");
});
