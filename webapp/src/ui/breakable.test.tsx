import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { Breakable } from "./breakable";

const render = (text: string): string => renderToStaticMarkup(<Breakable text={text} />);

it("addresses break between their parts, and stay what they are", () => {
  expect(render("mo@shop.example")).toBe("mo<wbr/>@shop<wbr/>.example");
  expect(render("https://app.example/a/b")).toBe("https://<wbr/>app<wbr/>.example/<wbr/>a/<wbr/>b");
});
