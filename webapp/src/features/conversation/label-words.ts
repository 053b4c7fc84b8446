import type { Classification } from "@/api/generated";
import * as m from "@/messages/conversation";
import { percent } from "@/messages/format";

/** A label in words: its name with how sure it is, and what else it might be. */
export interface LabelWords {
  name: string;
  confidence: string;
  otherwise: string;
}

/** Language models say what comes second, but not how sure they are of it. */
const shareOf = (confidence: number | null | undefined): string | null =>
  typeof confidence === "number" ? percent(confidence) : null;

/** Where it was too close to say, the confidence and the runner-up are those of the best guess. */
export function describeLabel(
  label: Classification,
  categoryName: (id: string) => string,
): LabelWords {
  const { category_id, confidence, runner_up_id, runner_up_confidence } = label;
  const name = categoryName(category_id);
  const second = runner_up_id ? categoryName(runner_up_id) : null;
  if (category_id === "cannot_tell") {
    const share = shareOf(runner_up_confidence);
    return { name, confidence: "", otherwise: second ? m.bestGuess(second, share) : "" };
  }
  return {
    name,
    confidence: percent(confidence),
    otherwise: second ? m.runnerUp(second, shareOf(runner_up_confidence)) : "",
  };
}

/** What the local model thought, where a language model decided; empty else. */
export function localGuess(label: Classification, categoryName: (id: string) => string): string {
  const { local_category_id, local_confidence } = label;
  if (!local_category_id || typeof local_confidence !== "number") return "";
  return m.localGuess(categoryName(local_category_id), percent(local_confidence));
}
