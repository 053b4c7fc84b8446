import { describe, expect, it } from "vitest";
import css from "@/ui/tokens.css?raw";
import { type ColourScheme, contrast, readTokens } from "./contrast";

const tokens = readTokens(css);
const schemes: ColourScheme[] = ["light", "dark"];

/** Text (4.5:1) and the grounds that it stands on somewhere in the app. */
const texts: Record<string, string[]> = {
  ink: [
    "canvas",
    "surface",
    "sunken",
    "accent-surface",
    "danger-surface",
    "caution-surface",
    "mark-issue",
    "mark-churn",
    "mark-resolution",
  ],
  "ink-muted": ["canvas", "surface", "sunken", "danger-surface", "caution-surface"],
  accent: ["canvas", "surface", "sunken", "danger-surface"],
  "accent-strong": ["accent-surface"],
  "on-accent": ["accent", "accent-strong"],
  rise: ["rise-surface"],
  fresh: ["fresh-surface"],
  fall: ["fall-surface"],
  caution: ["caution-surface"],
  danger: ["danger-surface", "canvas"],
  canvas: ["danger"],
};

/** Graphics and the borders of controls (3:1), and what is beside them. */
const graphics: Record<string, string[]> = {
  "line-strong": ["canvas", "surface"],
  accent: ["canvas", "surface", "accent-surface"],
  "accent-strong": ["canvas", "surface"],
  bar: ["canvas", "surface", "sunken"],
  "bar-quiet": ["canvas", "sunken"],
  caution: ["canvas", "caution-surface"],
  danger: ["canvas", "danger-surface"],
  fall: ["canvas"],
  "mark-issue-line": ["mark-issue", "canvas"],
  "mark-churn-line": ["mark-churn"],
  "mark-resolution-line": ["mark-resolution"],
};

function pairs(table: Record<string, string[]>): [ColourScheme, string, string][] {
  return schemes.flatMap((scheme) =>
    Object.entries(table).flatMap(([ink, grounds]) =>
      grounds.map((ground): [ColourScheme, string, string] => [scheme, ink, ground]),
    ),
  );
}

function colour(name: string, scheme: ColourScheme): string {
  const found = tokens.get(name);
  if (!found) throw new Error(`There is no token --${name}.`);
  return found[scheme];
}

describe("contrast", () => {
  it("is computed as WCAG has it", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
    expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
  });

  it.each(pairs(texts))("%s: text %s on %s", (scheme, ink, ground) => {
    expect(contrast(colour(ink, scheme), colour(ground, scheme))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(pairs(graphics))("%s: graphic %s on %s", (scheme, ink, ground) => {
    expect(contrast(colour(ink, scheme), colour(ground, scheme))).toBeGreaterThanOrEqual(3);
  });

  it("is looked at for every token", () => {
    const named = [...Object.entries(texts), ...Object.entries(graphics)].flat(2);
    // A hairline between rows carries no meaning.
    expect([...tokens.keys()].filter((name) => !named.includes(name))).toEqual(["line"]);
  });
});
