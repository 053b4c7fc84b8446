import { describe, expect, it } from "vitest";
import { sharesOf } from "./reading-shares";

describe("who decided in a run", () => {
  it("is shared between the readers and what none of them could tell", () => {
    const shares = sharesOf([
      { decider: "local_model", decided: 120, cannot_tell: 20 },
      { decider: "llm", decided: 40, cannot_tell: 20 },
    ]);
    expect(shares).toEqual([
      { who: "local_model", conversations: 120, share: "60%" },
      { who: "llm", conversations: 40, share: "20%" },
      { who: "cannot_tell", conversations: 40, share: "20%" },
    ]);
  });

  it("names nobody who decided nothing", () => {
    expect(sharesOf([{ decider: "rule", decided: 0, cannot_tell: 3 }])).toEqual([
      { who: "cannot_tell", conversations: 3, share: "100%" },
    ]);
    expect(sharesOf([])).toEqual([]);
  });
});
