import type { Classification } from "@/api/generated";
import * as m from "@/messages/conversation";
import { percent } from "@/messages/format";

/**
 * A label in words: its name, then how sure it is and what comes next.
 *
 * Where it was too close to say, the confidence and the runner-up are those of the best guess.
 */
export function describeLabel(
  label: Classification,
  categoryName: (id: string) => string,
): { name: string; detail: string } {
  const { category_id, confidence, runner_up_id, runner_up_confidence } = label;
  const name = categoryName(category_id);
  const second = runner_up_id ? categoryName(runner_up_id) : null;
  if (category_id === "cannot_tell") {
    const guess = second ? m.bestGuess(second, percent(runner_up_confidence ?? confidence)) : "";
    return { name, detail: guess };
  }
  const then = second ? m.runnerUp(second, percent(runner_up_confidence ?? 0)) : "";
  return { name, detail: [m.confidence(confidence), then].filter(Boolean).join(", ") };
}
