import type { Category, ProductArea } from "@/api/generated";
import * as m from "@/messages/taxonomy";
import styles from "./taxonomy.module.css";

/** Categories in their order; what each means folds out. */
export function CategoryList({ categories }: { categories: readonly Category[] }) {
  return (
    <ul className={styles.entries}>
      {categories.map((category) => (
        <li key={category.id}>
          <details className={styles.entry}>
            <summary>
              <span className={styles.name}>{category.name}</span>{" "}
              <span className={styles.quiet}>{m.examplesOf(category.examples?.length ?? 0)}</span>
              <span className={styles.definition}>{category.definition}</span>
            </summary>
            <Texts title={m.texts.includes} texts={category.includes} />
            <Texts title={m.texts.excludes} texts={category.excludes} />
            <Texts title={m.texts.examples} texts={category.examples} />
          </details>
        </li>
      ))}
    </ul>
  );
}

function Texts({ title, texts = [] }: { title: string; texts?: readonly string[] }) {
  if (texts.length === 0) return null;
  return (
    <>
      <h3 className={styles.small}>{title}</h3>
      <ul className={styles.texts}>
        {texts.map((text) => (
          <li key={text} dir="auto">
            {text}
          </li>
        ))}
      </ul>
    </>
  );
}

interface AreaTreeProps {
  areas: readonly ProductArea[];
  parent?: string | null;
}

/** Areas, each with its parts below it. */
export function AreaTree({ areas, parent = null }: AreaTreeProps) {
  const here = areas.filter((area) => (area.parent_id ?? null) === parent);
  if (here.length === 0) return null;
  return (
    <ul className={parent === null ? styles.tree : styles.branch}>
      {here.map((area) => (
        <li key={area.id}>
          <span className={styles.name}>{area.name}</span>{" "}
          <span className={styles.quiet}>{(area.patterns ?? []).join(", ")}</span>
          {area.definition && <span className={styles.definition}>{area.definition}</span>}
          <AreaTree areas={areas} parent={area.id} />
        </li>
      ))}
    </ul>
  );
}
