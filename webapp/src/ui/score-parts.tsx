import type { Story } from "@/api/generated";
import { factor } from "@/messages/format";
import * as m from "@/messages/stories";
import { DataTable } from "./data-table";

/** The factors of a story's score, each with the reason for its value. */
export function ScoreParts({ story }: { story: Story }) {
  return (
    <DataTable
      caption={m.parts}
      columns={[
        { name: m.part.name },
        { name: m.part.value, number: true },
        { name: m.part.range, number: true },
        { name: m.part.why },
      ]}
      rows={story.score_parts.map(({ name, value, low, high, explanation }) => ({
        key: name,
        cells: [
          m.partNames[name] ?? name,
          factor(value),
          low === high ? "" : m.factorRange(low, high),
          explanation,
        ],
      }))}
    />
  );
}
