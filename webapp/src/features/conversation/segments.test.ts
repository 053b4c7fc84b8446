import { describe, expect, it } from "vitest";
import { groupByTarget, type Span, segment } from "./segments";

const issue = (id: number, start: number, end: number): Span => ({ id, start, end, kind: "issue" });

const texts = (body: string, spans: Span[]) =>
  segment(body, spans, null).map(({ text, spans: covering }) => [
    text,
    ...covering.map(({ id }) => id),
  ]);

describe("a body", () => {
  it("without evidence is one piece", () => {
    expect(texts("It broke.", [])).toEqual([["It broke."]]);
  });

  it("without text has no pieces", () => {
    expect(texts("", [])).toEqual([]);
  });

  it("is cut where evidence begins and ends", () => {
    expect(texts("Hi, export fails. Bye", [issue(1, 4, 17)])).toEqual([
      ["Hi, "],
      ["export fails.", 1],
      [" Bye"],
    ]);
  });

  it("is counted in code points, not in UTF-16 units", () => {
    expect(texts("😀😀 it broke 😀", [issue(1, 3, 11)])).toEqual([
      ["😀😀 "],
      ["it broke", 1],
      [" 😀"],
    ]);
  });

  it("keeps evidence that overlaps", () => {
    expect(texts("abcdef", [issue(1, 1, 4), issue(2, 3, 5)])).toEqual([
      ["a"],
      ["bc", 1],
      ["d", 1, 2],
      ["e", 2],
      ["f"],
    ]);
  });

  it("ignores evidence that lies outside of it", () => {
    expect(texts("abc", [issue(1, 2, 9), issue(2, 2, 2)])).toEqual([["abc"]]);
  });

  it("comes back whole from its pieces", () => {
    const body = "Zwölf 👩‍👩‍👧 Boxkämpfer\njagen 𝒳 quer";
    const pieces = segment(body, [issue(1, 2, 9), issue(2, 7, 20), issue(3, 0, 1)], {
      start: 5,
      end: 12,
    });
    expect(pieces.map(({ text }) => text).join("")).toBe(body);
  });
});

describe("the quote that was asked for", () => {
  const quoteOf = (body: string, spans: Span[], start: number, end: number) =>
    groupByTarget(segment(body, spans, { start, end }))
      .filter(({ inTarget }) => inTarget)
      .map(({ segments }) => segments.map(({ text }) => text).join(""));

  it("is exactly its text, whatever else is marked in it", () => {
    const body = "😀 I lost all my 😀 data again, so I leave.";
    expect(quoteOf(body, [issue(1, 4, 8), issue(2, 10, 30)], 2, 21)).toEqual([
      "I lost all my 😀 dat",
    ]);
  });

  it("is nothing if it does not fit", () => {
    expect(quoteOf("short", [], 2, 50)).toEqual([]);
    expect(quoteOf("short", [], 3, 3)).toEqual([]);
  });
});
