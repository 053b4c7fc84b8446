import { Link } from "@tanstack/react-router";
import type { CategoryFigure } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import { count, percent } from "@/messages/format";
import * as m from "@/messages/week";
import { Measured } from "@/ui/measured";
import { SideSection } from "@/ui/side-section";
import styles from "./categories.module.css";

/** All that was read, by category, with what nobody could tell; each bar leads to its rows. */
export function Categories({ categories }: { categories: readonly CategoryFigure[] }) {
  const { path, categoryName } = useWorkspace();
  const total = categories.reduce((sum, { conversations }) => sum + conversations, 0);
  // What nobody could tell is no answer to "about what": it stands below those, at its full length.
  const rows = [
    ...categories.filter(({ category_id }) => category_id !== "cannot_tell"),
    ...categories.filter(({ category_id }) => category_id === "cannot_tell"),
  ];
  const largest = Math.max(...categories.map(({ conversations }) => conversations), 1);
  if (categories.length === 0) return null;
  return (
    <SideSection title={m.categoriesTitle} note={m.categoriesNote}>
      <ul className={styles.list}>
        {rows.map(({ category_id, conversations, estimate }) => (
          <li key={category_id} className={styles.row}>
            <Link
              to="/w/$workspace/conversations"
              params={path}
              search={{ category: category_id }}
              className={styles.link}
            >
              <span>{categoryName(category_id)}</span>
              <span className={styles.figures}>
                {count(conversations)}
                <span className={styles.share}>{percent(conversations / total)}</span>
              </span>
            </Link>
            <div className={styles.track}>
              <div
                className={category_id === "cannot_tell" ? styles.quietBar : styles.bar}
                style={{ width: `${(conversations / largest) * 100}%` }}
              />
            </div>
            <Measured estimate={estimate} explain={{ kind: "category", id: category_id }} />
          </li>
        ))}
      </ul>
      <p>
        <Link to="/w/$workspace/accuracy" params={path}>
          {m.toAccuracy}
        </Link>
      </p>
    </SideSection>
  );
}
