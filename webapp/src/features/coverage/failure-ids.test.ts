import { expect, it } from "vitest";
import { idsOf } from "./use-failure-actions";

it("a conversation that has failed twice is named once", () => {
  const failure = { reason: "", attempts: 5, is_given_up: true, since: "2026-11-01T00:00:00Z" };
  expect(
    idsOf([
      { ...failure, conversation_id: "a", work: "fetch" },
      { ...failure, conversation_id: "b", work: "fetch" },
      { ...failure, conversation_id: "a", work: "read" },
    ]),
  ).toEqual(["a", "b"]);
});
