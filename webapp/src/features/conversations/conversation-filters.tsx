import { getRouteApi } from "@tanstack/react-router";
import type { ConversationRow } from "@/api/generated";
import { oneOf } from "@/app/search";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/conversations";
import { languageName } from "@/messages/format";
import { cannotTell, sentiments, stateName } from "@/messages/words";
import { Choice, DateFilter, FilterGroup, Filters } from "@/ui/filters";
import { useNarrow } from "@/ui/use-media";
import { type ConversationsSearch, sentimentKeys } from "./search";

const route = getRouteApi("/w/$workspace/conversations");

/** Intercom's states, and the languages that Earmark has word lists for. */
const states = ["open", "closed", "snoozed"];
const usualLanguages = ["en", "de", "es", "fr", "pt"];

interface ConversationFiltersProps {
  rows: readonly ConversationRow[];
  summary: string | undefined;
}

export function ConversationFilters({ rows, summary }: ConversationFiltersProps) {
  const narrow = useNarrow();
  return (
    <Filters summary={summary} foldedUnder={narrow ? m.filters : undefined}>
      <Choices rows={rows} />
    </Filters>
  );
}

function Choices({ rows }: { rows: readonly ConversationRow[] }) {
  const { detail } = useWorkspace();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const set = (part: ConversationsSearch) =>
    void navigate({ search: (now) => ({ ...now, ...part }) });
  return (
    <>
      <Choice
        label={m.category}
        all={m.anyCategory}
        value={search.category}
        options={[
          ...detail.categories.map(({ id, name }) => ({ value: id, name })),
          { value: "cannot_tell", name: cannotTell },
        ]}
        onChange={(category) => set({ category })}
      />
      <Choice
        label={m.themed}
        all={m.anyThemed}
        value={search.unthemed && "true"}
        options={[{ value: "true", name: m.unthemed }]}
        onChange={(value) => set({ unthemed: value ? true : undefined })}
      />
      <Choice
        label={m.sentiment}
        all={m.anySentiment}
        value={search.sentiment}
        options={sentimentKeys.map((value) => ({ value, name: sentiments[value] }))}
        onChange={(value) => set({ sentiment: oneOf(value, sentimentKeys) })}
      />
      <Choice
        label={m.churn}
        all={m.anyChurn}
        value={search.churn_risk === undefined ? undefined : String(search.churn_risk)}
        options={[
          { value: "true", name: m.churnYes },
          { value: "false", name: m.churnNo },
        ]}
        onChange={(value) => set({ churn_risk: value ? value === "true" : undefined })}
      />
      <Choice
        label={m.language}
        all={m.anyLanguage}
        value={search.language}
        options={languageOptions(rows)}
        onChange={(language) => set({ language })}
      />
      <Choice
        label={m.state}
        all={m.anyState}
        value={search.state}
        options={states.map((value) => ({ value, name: stateName(value) }))}
        onChange={(state) => set({ state })}
      />
      <FilterGroup>
        <DateFilter label={m.since} value={search.since} onChange={(since) => set({ since })} />
        <DateFilter label={m.until} value={search.until} onChange={(until) => set({ until })} />
      </FilterGroup>
    </>
  );
}

function languageOptions(rows: readonly ConversationRow[]) {
  const codes = new Set(usualLanguages);
  for (const { language } of rows) if (language) codes.add(language);
  return [...codes]
    .map((value) => ({ value, name: languageName(value) }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
