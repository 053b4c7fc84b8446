import { getRouteApi } from "@tanstack/react-router";
import type { ConversationRow } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/conversations";
import { Icon } from "@/ui/icons";
import { toChips } from "./chips";
import styles from "./filter-chips.module.css";
import type { ConversationsSearch } from "./search";

const route = getRouteApi("/w/$workspace/conversations");

interface FilterChipsProps {
  search: ConversationsSearch;
  rows: readonly ConversationRow[];
}

/** Every filter in force, each with a way to take it off. */
export function FilterChips({ search, rows }: FilterChipsProps) {
  const navigate = route.useNavigate();
  const chips = toChips(search, useWorkspace(), rows);
  if (chips.length === 0) return null;
  return (
    <ul className={styles.chips} aria-label={m.activeFilters}>
      {chips.map(({ key, label }) => (
        <li key={key}>
          <button
            type="button"
            className={styles.chip}
            aria-label={m.remove(label)}
            onClick={() => void navigate({ search: (now) => ({ ...now, [key]: undefined }) })}
          >
            <span dir="auto">{label}</span>
            <Icon name="close" size={12} />
          </button>
        </li>
      ))}
      {chips.length > 1 && (
        <li>
          <button
            type="button"
            className={styles.clear}
            onClick={() => void navigate({ search: {} })}
          >
            {m.clear}
          </button>
        </li>
      )}
    </ul>
  );
}
