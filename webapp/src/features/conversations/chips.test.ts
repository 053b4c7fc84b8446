import { conversationRow } from "@tests/samples";
import { describe, expect, it } from "vitest";
import { toChips } from "./chips";
import { readConversationsSearch } from "./search";

const names = { categoryName: (id: string | null | undefined) => `<${id}>`, timeZone: "UTC" };

describe("filter chips", () => {
  it("show every filter that is in force", () => {
    const search = readConversationsSearch({
      category: "billing",
      theme: "7",
      unthemed: "true",
      language: "de",
      sentiment: "negative",
      churn_risk: "false",
      state: "open",
      contact: "c1",
      since: "2026-11-13T00:00:00Z",
      until: "2026-11-20T15:30:00Z",
    });
    const rows = [conversationRow({ themes: [{ id: 7, name: "Exports" }] })];
    expect(toChips(search, names, rows).map(({ label }) => label)).toEqual([
      "Category: <billing>",
      "Theme: Exports",
      "In no theme",
      "Language: German",
      "Sentiment: Negative",
      "No sign of leaving",
      "State: Open",
      "Customer: Ada",
      "From 13 Nov 2026 (UTC)",
      "Before 20 Nov 2026, 15:30",
    ]);
  });

  it("are as many as the filters of the address", () => {
    const search = readConversationsSearch({ theme: "7", contact: "c9" });
    expect(toChips(search, names, []).map(({ label }) => label)).toEqual([
      "Theme: number 7",
      "Customer: c9",
    ]);
    expect(toChips(readConversationsSearch({ unthemed: "false", theme: "x" }), names, [])).toEqual(
      [],
    );
  });
});
