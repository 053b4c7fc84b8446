import { estimate } from "@tests/samples";
import { describe, expect, it } from "vitest";
import { about, aboutShare, basis, brief, missing } from "./measured";

const interval = { value: 36.2, low: 29, high: 44.4 };

describe("what people's labels say of a count", () => {
  it("is told with its interval", () => {
    expect(about(interval)).toBe("about 36 (29 to 44)");
    expect(brief(interval)).toBe("36 (29–44)");
    expect(aboutShare({ value: 0.018, low: 0.0145, high: 0.0222 })).toBe(
      "about 1.8% (1.5% to 2.2%)",
    );
  });

  it("names the labels that it rests on, and the machine's own word", () => {
    expect(basis(estimate())).toBe(
      "The machine says 41. How many there truly are is estimated from 300 labels by people, drawn by chance from 2,000 conversations, 12 of which the machine counts here; with the 95% interval.",
    );
  });

  it("says how many labels are missing where it is not measured", () => {
    expect(missing(1)).toBe("not yet measured: 1 label missing");
    expect(basis(estimate({ count: null, share: null, labels: 8, missing: 92 }))).toContain(
      "not yet measured: there are 8 labels by people, drawn by chance from 2,000 conversations, and about 92 more are needed.",
    );
  });
});
