import type { HumanLabel, StoredLabel } from "@/api/generated";
import * as m from "@/messages/conversation";
import { percent } from "@/messages/format";
import { deciders } from "@/messages/words";

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
  label: StoredLabel,
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
export function localGuess(label: StoredLabel, categoryName: (id: string) => string): string {
  const { local_category_id, local_confidence } = label;
  if (!local_category_id || typeof local_confidence !== "number") return "";
  return m.localGuess(categoryName(local_category_id), percent(local_confidence));
}

/** What the local model thought, and whether it is what was decided; null where it was not asked. */
export function localOpinion(
  label: StoredLabel,
  categoryName: (id: string) => string,
): string | null {
  const { category_id, local_category_id, local_confidence } = label;
  if (!local_category_id || typeof local_confidence !== "number") return null;
  const guess = m.withShare(categoryName(local_category_id), percent(local_confidence));
  return m.opinion(guess, local_category_id === category_id);
}

/** A label that once counted: "Bug, 61%, by the local model"; where it could not be told, the best guess. */
export function describePast(label: StoredLabel, categoryName: (id: string) => string): string {
  const { name, confidence, otherwise } = describeLabel(label, categoryName);
  const shown = label.decider === "human" ? "" : confidence || otherwise;
  return [name, shown, m.decidedBy(deciders[label.decider])].filter(Boolean).join(", ");
}

/** What the machine said when a person labelled. */
export function describeMachine(label: HumanLabel, categoryName: (id: string) => string): string {
  const { machine_value, machine_confidence, machine_decider } = label;
  if (!machine_value) return m.machineSilent;
  const name = categoryName(machine_value);
  const said =
    typeof machine_confidence === "number" ? m.withShare(name, percent(machine_confidence)) : name;
  return m.machineSaid(said, machine_decider ? deciders[machine_decider] : null);
}
