import { describe, expect, it } from "vitest";
import { readAmount } from "./amount";

describe("an amount of US dollars", () => {
  it("is read as it is written", () => {
    expect(readAmount(" 2.50 ")).toBe("2.50");
    expect(readAmount("$ 10")).toBe("10");
    expect(readAmount("0")).toBe("0");
  });

  it("may be left out", () => {
    expect(readAmount("")).toBeNull();
    expect(readAmount(null)).toBeNull();
  });

  it("is nothing else", () => {
    for (const text of ["ten", "-1", "1e3", "1,5", "12345678", "1.", "NaN"]) {
      expect(readAmount(text), text).toBeUndefined();
    }
  });
});
