import { expect, it } from "vitest";
import { partType, plain } from "./words";

it("words of the source are read as words, known or not", () => {
  expect(["close", "assignment", "away_mode_assignment"].map(partType)).toEqual([
    "Closed it",
    "Assigned it",
    "Away mode assignment",
  ]);
  expect(plain("help_center")).toBe("Help center");
});
