import { describe, expect, it } from "vitest";
import { fromRequest, ShownProblem, toProblem } from "./problem";

describe("a failed request", () => {
  it("shows what the server says of it", () => {
    const body = {
      type: "urn:earmark:problem:conflict",
      title: "A run is already under way.",
      status: 409,
      detail: "",
      fix: "Cancel it first.",
      instance: "/api/v1/x",
      request_id: "abc",
      errors: [{ location: "query.limit", message: "too large" }],
    };
    expect(fromRequest(body, new Response("", { status: 409 }))).toMatchObject({
      title: "A run is already under way.",
      fix: "Cancel it first.",
      status: 409,
      requestId: "abc",
      fields: ["query.limit: too large"],
      mayPass: false,
    });
  });

  it("without an answer may pass", () => {
    const error = new TypeError("Failed to fetch");
    expect(fromRequest(error, undefined)).toMatchObject({ status: 0, mayPass: true });
  });

  it("with an answer of another kind names its status", () => {
    const problem = fromRequest("<html>", new Response("", { status: 502 }));
    expect(problem.title).toContain("502");
    expect(problem.mayPass).toBe(true);
  });

  it("is described once only", () => {
    const problem = new ShownProblem("a", "", "", 500);
    expect(toProblem(problem)).toBe(problem);
  });

  it("is told from a defect of the pages", () => {
    const problem = toProblem(new TypeError("x is undefined"));
    expect(problem).toMatchObject({ detail: "TypeError: x is undefined", mayPass: false });
  });
});
