import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Week } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import { count } from "@/messages/format";
import * as m from "@/messages/week";
import { describeGaps, readConversations } from "./coverage-gaps";

/** How complete the ground is that the numbers stand on. */
export function CoverageLine({ week }: { week: Week }) {
  const { path } = useWorkspace();
  const toCoverage = (text: string): ReactNode => (
    <Link to="/w/$workspace/coverage" params={path}>
      {text}
    </Link>
  );
  return (
    <p data-testid="coverage">
      {m.coverage({
        read: (
          <Link to="/w/$workspace/conversations" params={path}>
            {count(readConversations(week))}
          </Link>
        ),
        expected: week.coverage.expected,
        gaps: describeGaps(week).map(toCoverage),
      })}
    </p>
  );
}
