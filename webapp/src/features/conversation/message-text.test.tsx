import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { StoredEvidence } from "@/api/generated";
import { MessageText } from "./message-text";

const evidence: StoredEvidence = {
  id: 3,
  issue_id: null,
  message_id: "m",
  author_role: "customer",
  kind: "churn",
  start: 0,
  end: 5,
};

function draw(body: string, spans: StoredEvidence[], target?: { start: number; end: number }) {
  return renderToStaticMarkup(
    <MessageText body={body} evidence={spans} issues={[]} target={target ?? null} />,
  );
}

describe("what a customer wrote", () => {
  it("is text and never markup", () => {
    const html = draw('<img src=x onerror="alert(1)"> & <b>bold</b>', []);
    expect(html).not.toContain("<img");
    expect(html).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; &lt;b&gt;");
  });

  it("is text inside of marks too", () => {
    const html = draw("<i>I leave", [evidence], { start: 0, end: 9 });
    expect(html).not.toContain("<i>");
    expect(html).toContain("&lt;i&gt;I");
  });

  it("has one mark around the quote that was asked for", () => {
    const html = draw("I leave you", [evidence], { start: 2, end: 7 });
    expect(html.match(/data-target/g)).toHaveLength(1);
  });
});
