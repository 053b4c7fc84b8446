import { describe, expect, it } from "vitest";
import type { Proposal } from "@/api/generated";
import {
  addArea,
  addCategory,
  editCategory,
  fromLines,
  mergeCategories,
  removeArea,
  splitCategory,
  toLines,
} from "./draft-edits";

const base = new Set(["a", "b"]);
const proposal: Proposal = {
  categories: [
    { id: "a", name: "A", examples: ["one", "two"] },
    { id: "b", name: "B", examples: ["two", "three"] },
  ],
  areas: [{ id: "x" }, { id: "y", parent_id: "x" }, { id: "z", parent_id: "y" }],
};

describe("edits of a draft", () => {
  it("merges with what both were and all examples, once", () => {
    const { categories } = mergeCategories(proposal, 0, 1, base);
    expect(categories).toEqual([
      { id: "a", name: "A", examples: ["one", "two", "three"], was: ["a", "b"] },
    ]);
  });

  it("merges nothing into itself", () => {
    expect(mergeCategories(proposal, 1, 1, base)).toBe(proposal);
  });

  it("splits into one that follows and takes over the same", () => {
    const { categories } = splitCategory(proposal, 0, base);
    expect(categories.map(({ id, was }) => [id, was])).toEqual([
      ["a", undefined],
      ["a_2", ["a"]],
      ["b", undefined],
    ]);
  });

  it("splits a merged category into parts of both", () => {
    const merged = mergeCategories(proposal, 0, 1, base);
    expect(splitCategory(merged, 0, base).categories[1]?.was).toEqual(["a", "b"]);
  });

  it("gives new entries ids that are free", () => {
    const twice = addArea(addArea(addCategory(addCategory(proposal))));
    expect(twice.categories.slice(2).map(({ id }) => id)).toEqual([
      "new_category",
      "new_category_2",
    ]);
    expect(twice.areas?.slice(3).map(({ id }) => id)).toEqual(["new_area", "new_area_2"]);
  });

  it("puts the parts of an area that goes under what it was part of", () => {
    expect(removeArea(proposal, 1).areas).toEqual([{ id: "x" }, { id: "z", parent_id: "x" }]);
  });

  it("leaves the proposal that it is given as it is", () => {
    editCategory(proposal, 0, { name: "Other" });
    expect(proposal.categories[0]?.name).toBe("A");
  });

  it("edits texts a line each", () => {
    expect(fromLines(toLines(["one", "two\nlines"]))).toEqual(["one", "two lines"]);
    expect(fromLines("")).toEqual([]);
  });
});
