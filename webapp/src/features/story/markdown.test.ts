import { quote, story } from "@tests/samples";
import { describe, expect, it } from "vitest";
import { escapeMarkdown, quoteAddress, storyMarkdown } from "./markdown";

const base = "http://127.0.0.1:8000/w/acme";

describe("a story as Markdown", () => {
  it("has its parts in order, with quotes that lead back", () => {
    const text = storyMarkdown({ story: story(), quotes: [quote()] }, base);
    const headings = text.split("\n").filter((line) => line.startsWith("#"));
    expect(headings).toEqual([
      "# Fix: exports break",
      "## Problem",
      "## Who",
      "## Acceptance criteria",
      "## Workaround, in teammates' words",
      "## Open questions",
      "## Score 9 (4 to 17), reach 12 customers (6.2 to 21)",
      "## Evidence",
    ]);
    expect(text).toContain("> it breaks\n>\n> — [Pro plan, 20 Nov 2026]");
    expect(text).toContain(`(${base}/conversations/100?message=m1&from=3&to=12)`);
    expect(text).toContain("_(assumption)_");
  });

  it("lets a customer's words make no markup", () => {
    const nasty = "![x](http://evil) <img src=x> **now** # top\n- [ ] task @all";
    const text = storyMarkdown({ story: story(), quotes: [quote({ text: nasty })] }, base);
    expect(text).toContain(
      "> \\!\\[x\\](http://evil) \\<img src=x\\> \\*\\*now\\*\\* \\# top\n> - \\[ \\] task @all",
    );
  });

  it("keeps every word: without its escapes it is the text again", () => {
    const text = "a_b*c `d` <e> [f](g) ~h~ \\ & !";
    expect(escapeMarkdown(text).replace(/\\(.)/g, "$1")).toBe(text);
  });

  it("addresses conversations whose ids need escaping", () => {
    expect(quoteAddress(base, quote({ conversation_id: "a/b?c" }))).toContain(
      "/conversations/a%2Fb%3Fc?",
    );
  });
});
