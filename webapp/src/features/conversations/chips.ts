import type { ConversationRow } from "@/api/generated";
import type { CurrentWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/conversations";
import { date } from "@/messages/format";
import { sentiments, stateName } from "@/messages/words";
import type { ConversationsSearch } from "./search";

export interface Chip {
  key: keyof ConversationsSearch;
  label: string;
}

type Names = Pick<CurrentWorkspace, "categoryName" | "timeZone">;

/** Midnights UTC are days, as the weeks of the counts are; other moments are in the zone. */
function describeMoment(iso: string, timeZone: string): string {
  return iso.endsWith("T00:00:00.000Z")
    ? `${date(iso, "day", "UTC")} (UTC)`
    : date(iso, "moment", timeZone);
}

/** Names of themes and customers are known from the rows themselves. */
const themeName = (id: number, rows: readonly ConversationRow[]): string =>
  rows.flatMap(({ themes }) => themes).find((theme) => theme.id === id)?.name ?? m.themeNumber(id);

const contactName = (id: string, rows: readonly ConversationRow[]): string =>
  rows.find(({ contact_id }) => contact_id === id)?.contact_name ?? id;

/** A chip for every filter that is in force: no list is narrowed by something that nobody sees. */
export function toChips(
  search: ConversationsSearch,
  { categoryName, timeZone }: Names,
  rows: readonly ConversationRow[],
): Chip[] {
  const chip = <Value>(
    key: keyof ConversationsSearch,
    value: Value | undefined,
    label: (value: Value) => string,
  ): Chip[] => (value === undefined ? [] : [{ key, label: label(value) }]);
  return [
    chip("category", search.category, (id) => m.chips.category(categoryName(id))),
    chip("theme", search.theme, (id) => m.chips.theme(themeName(id, rows))),
    chip("unthemed", search.unthemed, () => m.chips.unthemed),
    chip("language", search.language, m.chips.language),
    chip("sentiment", search.sentiment, (value) => m.chips.sentiment(sentiments[value])),
    chip("churn_risk", search.churn_risk, m.chips.churn),
    chip("state", search.state, (state) => m.chips.state(stateName(state))),
    chip("contact", search.contact, (id) => m.chips.contact(contactName(id, rows))),
    chip("since", search.since, (iso) => m.chips.since(describeMoment(iso, timeZone))),
    chip("until", search.until, (iso) => m.chips.until(describeMoment(iso, timeZone))),
  ].flat();
}
