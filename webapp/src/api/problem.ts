import type { Problem } from "@/api/generated";
import * as m from "@/messages/problems";

/** An error as the screens show it: what happened, why, and what to do next. */
export class ShownProblem extends Error {
  override readonly name = "ShownProblem";

  constructor(
    readonly title: string,
    readonly detail: string,
    readonly fix: string,
    /** The HTTP status; 0 where no answer came. */
    readonly status: number,
    readonly requestId: string | null = null,
    readonly fields: readonly string[] = [],
  ) {
    super(title);
  }

  /** Whether a person may try again: the request was right, and the answer may change. */
  get worthRetrying(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** Whether asking again later may help. */
  get mayPass(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 507;
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "title" in body && "request_id" in body;
}

/** What a failed request says of itself: a problem document, another body, or no answer at all. */
export function fromRequest(error: unknown, response: Response | undefined): ShownProblem {
  if (!response) return new ShownProblem(m.noAnswer, m.noAnswerDetail, m.noAnswerFix, 0);
  if (!isProblem(error)) {
    return new ShownProblem(m.oddAnswer(response.status), "", m.retryFix, response.status);
  }
  const fields = (error.errors ?? []).map(({ location, message }) => `${location}: ${message}`);
  return new ShownProblem(
    error.title,
    error.detail ?? "",
    error.fix ?? "",
    error.status,
    error.request_id,
    fields,
  );
}

/** Any error as the screens show it; what is not of a request is a defect of these pages. */
export function toProblem(error: unknown): ShownProblem {
  if (error instanceof ShownProblem) return error;
  return new ShownProblem(m.crashed, String(error), m.crashedFix, 500);
}
