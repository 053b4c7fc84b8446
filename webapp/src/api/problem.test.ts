import { describe, expect, it } from "vitest";
import { ShownProblem, toProblem } from "./problem";

describe("a failed request", () => {
  it("shows what the server says of it", () => {
    const problem = toProblem({
      type: "urn:earmark:problem:conflict",
      title: "A run is already under way.",
      status: 409,
      detail: "",
      fix: "Cancel it first.",
      instance: "/api/v1/x",
      request_id: "abc",
      errors: [{ location: "query.limit", message: "too large" }],
    });
    expect(problem).toMatchObject({
      title: "A run is already under way.",
      fix: "Cancel it first.",
      status: 409,
      requestId: "abc",
      fields: ["query.limit: too large"],
      mayPass: false,
    });
  });

  it("without an answer may pass", () => {
    expect(toProblem(new TypeError("Failed to fetch"))).toMatchObject({ status: 0, mayPass: true });
  });

  it("with an answer of another kind names its status", () => {
    const problem = toProblem("<html>", new Response("", { status: 502 }));
    expect(problem.title).toContain("502");
    expect(problem.mayPass).toBe(true);
  });

  it("is described once only", () => {
    const problem = new ShownProblem("a", "", "", 500);
    expect(toProblem(problem)).toBe(problem);
  });
});
