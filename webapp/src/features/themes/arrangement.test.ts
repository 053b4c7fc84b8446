import { themeRow } from "@tests/samples";
import { describe, expect, it } from "vitest";
import type { ThemeRow } from "@/api/generated";
import { arrange, currentOrder, orderAfterClick } from "./arrangement";

const ids = (rows: ThemeRow[]) => rows.map(({ driver }) => driver.theme.id);

describe("themes", () => {
  it("are shown largest first, equal ones by name", () => {
    const rows = [
      themeRow({ id: 1, conversations: 5, name: "b" }),
      themeRow({ id: 2, conversations: 9 }),
      themeRow({ id: 3, conversations: 5, name: "a" }),
    ];
    expect(ids(arrange(rows, {}))).toEqual([2, 3, 1]);
  });

  it("are ranked by what is sure of their change, not by its estimate", () => {
    const wide = themeRow({ id: 1, change: { value: 8, low: 0.9, high: 70 } });
    const sure = themeRow({ id: 2, change: { value: 2, low: 1.4, high: 3 } });
    const fallen = themeRow({ id: 3, change: { value: 0.3, low: 0.1, high: 0.8 } });
    const fresh = themeRow({ id: 4, change: { value: null, low: 2.1, high: null } });
    const rows = [wide, sure, fallen, fresh];
    expect(ids(arrange(rows, { sort: "change" }))).toEqual([4, 2, 1, 3]);
    expect(ids(arrange(rows, { sort: "change", dir: "asc" }))[0]).toBe(3);
  });

  it("are found by every word of the filter, in the name or the keywords", () => {
    const rows = [
      themeRow({ id: 1, name: "Export to CSV", keywords: ["download"] }),
      themeRow({ id: 2, name: "Export to PDF" }),
    ];
    expect(ids(arrange(rows, { q: "EXPORT down" }))).toEqual([1]);
    expect(ids(arrange(rows, { q: "  " }))).toEqual([1, 2]);
    expect(ids(arrange(rows, { q: "excel" }))).toEqual([]);
  });

  it("are narrowed by category, area and verdict together", () => {
    const rows = [
      themeRow({ id: 1, category: "bug", area: "export", verdict: "rising" }),
      themeRow({ id: 2, category: "bug", area: "login", verdict: "rising" }),
      themeRow({ id: 3, category: "bug", area: "export", verdict: "falling" }),
    ];
    const search = { category: "bug", area: "export", verdict: "rising" } as const;
    expect(ids(arrange(rows, search))).toEqual([1]);
  });
});

describe("a click on a heading", () => {
  it("sorts numbers from the largest and names from A", () => {
    expect(orderAfterClick({}, "customers")).toEqual({ sort: "customers", dir: undefined });
    expect(currentOrder({ sort: "customers" }).dir).toBe("desc");
    expect(currentOrder({ sort: "name" }).dir).toBe("asc");
  });

  it("again turns the order round, and once more back", () => {
    const once = orderAfterClick({ sort: "name" }, "name");
    expect(once).toEqual({ sort: "name", dir: "desc" });
    expect(orderAfterClick(once, "name")).toEqual({ sort: "name", dir: undefined });
  });

  it("keeps the usual order out of the address", () => {
    expect(orderAfterClick({ sort: "name" }, "size")).toEqual({ sort: undefined, dir: undefined });
  });
});
