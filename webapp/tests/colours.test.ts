import { expect, it } from "vitest";

const sheets = import.meta.glob<string>("../src/**/*.css", {
  query: "?raw",
  import: "default",
  eager: true,
});

const colour = /#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch|lab)\(/gi;

it("colours are named in the tokens and nowhere else, shadows behind dialogs excepted", () => {
  const found = Object.entries(sheets)
    .filter(([name]) => !/\/(tokens|dialog\.module)\.css$/.test(name))
    .flatMap(([name, css]) => [...css.matchAll(colour)].map(([match]) => `${name}: ${match}`));
  expect(found).toEqual([]);
});
