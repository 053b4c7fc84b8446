import { describe, expect, it } from "vitest";
import { flag, moment, natural, oneOf, parseSearch, stringifySearch } from "./search";

describe("search parameters", () => {
  it("keep ids that look like numbers as text", () => {
    expect(parseSearch("?message=0215472000123456789")).toEqual({
      message: "0215472000123456789",
    });
  });

  it("come back from the address as they went in", () => {
    const search = { q: "a & b = c", theme: 7, churn_risk: true, none: undefined, empty: "" };
    expect(parseSearch(stringifySearch(search))).toEqual({
      q: "a & b = c",
      theme: "7",
      churn_risk: "true",
    });
  });

  it("that are no natural numbers are dropped", () => {
    expect(["12", "0", "-1", "1.5", "", "x", "9007199254740993"].map(natural)).toEqual([
      12,
      0,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("tell false from absent", () => {
    expect(["true", "false", "", "1"].map(flag)).toEqual([true, false, undefined, undefined]);
  });

  it("outside of a choice are dropped", () => {
    expect(oneOf("size", ["size", "name"])).toBe("size");
    expect(oneOf("sizes", ["size", "name"])).toBeUndefined();
  });

  it("read a day as its midnight UTC", () => {
    expect(moment("2026-10-25")).toBe("2026-10-25T00:00:00.000Z");
    expect(moment("yesterday")).toBeUndefined();
  });
});
