import { getRouteApi } from "@tanstack/react-router";
import { useRef } from "react";
import type { ThemeList } from "@/api/generated";
import { oneOf } from "@/app/search";
import { useShortcuts } from "@/app/shortcuts";
import { useWorkspace } from "@/app/workspace-context";
import { verdicts } from "@/messages/change";
import * as m from "@/messages/themes";
import { Choice, type ChoiceOption, Filters, TextFilter } from "@/ui/filters";
import { useNarrow } from "@/ui/use-media";
import { type ThemesSearch, verdictKeys } from "./search";

/** Besides the size, which is the order without another. */
const otherSorts = ["change", "customers", "name"] as const;

const route = getRouteApi("/w/$workspace/themes");

/** What the table is narrowed to; everything is kept in the address. */
export function ThemeFilters({ list, shown }: { list: ThemeList; shown: number }) {
  const { categoryName, areaName } = useWorkspace();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const narrow = useNarrow();
  const input = useRef<HTMLInputElement>(null);
  useShortcuts({ "/": () => input.current?.focus() });
  const set = (part: ThemesSearch) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const themes = list.items.map(({ driver }) => driver.theme);
  return (
    <Filters summary={m.shown(shown, list.items.length)}>
      <TextFilter
        ref={input}
        label={m.filterLabel}
        placeholder={m.filterHint}
        value={search.q ?? ""}
        onChange={(q) => set({ q: q || undefined })}
      />
      <Choice
        label={m.category}
        all={m.anyCategory}
        value={search.category}
        options={distinct(
          themes.map(({ category_id }) => category_id),
          categoryName,
        )}
        onChange={(category) => set({ category })}
      />
      <Choice
        label={m.area}
        all={m.anyArea}
        value={search.area}
        options={distinct(
          themes.map(({ product_area_id }) => product_area_id),
          areaName,
        )}
        onChange={(area) => set({ area })}
      />
      <Choice
        label={m.verdict}
        all={m.anyVerdict}
        value={search.verdict}
        options={verdictKeys.map((value) => ({ value, name: verdicts[value] }))}
        onChange={(value) => set({ verdict: oneOf(value, verdictKeys) })}
      />
      {narrow && (
        <Choice
          label={m.sortBy}
          all={m.sortNames.size}
          value={search.sort}
          options={otherSorts.map((value) => ({ value, name: m.sortNames[value] }))}
          onChange={(value) => set({ sort: oneOf(value, otherSorts), dir: undefined })}
        />
      )}
    </Filters>
  );
}

function distinct(
  ids: readonly (string | null | undefined)[],
  name: (id: string) => string,
): ChoiceOption[] {
  const known = new Set(ids.filter((id): id is string => Boolean(id)));
  return [...known]
    .map((value) => ({ value, name: name(value) }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
