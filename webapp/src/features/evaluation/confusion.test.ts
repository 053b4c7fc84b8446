import { describe, expect, it } from "vitest";
import { toTable } from "./confusion";

const cell = (said: string, answered: string, conversations: number) => ({
  said,
  answered,
  conversations,
});

describe("the table of confusions", () => {
  it("has the most frequent first, and what the machine cannot tell last", () => {
    const table = toTable([
      cell("cannot_tell", "bug", 90),
      cell("bug", "bug", 5),
      cell("wish", "wish", 8),
      cell("bug", "wish", 2),
    ]);
    expect(table.columns).toEqual(["wish", "bug", "cannot_tell"]);
    expect(table.rows).toEqual([
      { answered: "bug", numbers: [0, 5, 90] },
      { answered: "wish", numbers: [8, 2, 0] },
    ]);
  });

  it("is empty without labels", () => {
    expect(toTable([])).toEqual({ columns: [], rows: [] });
  });
});
