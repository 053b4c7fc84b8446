import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Move, Preview } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import { amount, count, date, percent, precise, rate } from "@/messages/format";
import * as m from "@/messages/taxonomy";
import { ChartSection } from "@/ui/chart-section";
import { DataTable } from "@/ui/data-table";
import { Facts } from "@/ui/facts";
import { Sparkline } from "@/ui/sparkline";
import { toEffects, toMatrix } from "./preview-tables";
import styles from "./taxonomy.module.css";

interface PreviewResultProps {
  preview: Preview;
  excerpts: Readonly<Record<string, string>>;
}

export function PreviewResult({ preview, excerpts }: PreviewResultProps) {
  const moves = preview.moves.filter(({ before, after }) => before !== after);
  const unasked = moves.filter(({ is_meant: meant }) => !meant);
  const moved = unasked.reduce((sum, { conversations }) => sum + conversations, 0);
  return (
    <div className={styles.parts}>
      <div>
        <p>{m.sampled(preview.read, preview.conversations)}</p>
        <p>{moves.length === 0 ? m.nothingMoves : m.movedText(moved)}</p>
        <Summary preview={preview} />
      </div>
      {moves.length > 0 && <Moves moves={moves} excerpts={excerpts} />}
      <Effects preview={preview} />
      <Matrix preview={preview} />
      {preview.labels.length > 0 && <Labels preview={preview} />}
    </div>
  );
}

function Summary({ preview: { before, after, cost } }: { preview: Preview }) {
  const seconds = cost.seconds;
  return (
    <Facts
      facts={[
        {
          label: m.cannotTell,
          value: m.fromTo(percent(before.cannot_tell), percent(after.cannot_tell)),
        },
        {
          label: m.confidence,
          value: m.fromTo(precise(before.confidence), precise(after.confidence)),
        },
        {
          label: m.replayReads,
          value: amount(cost.conversations, "conversation", "conversations"),
        },
        {
          label: m.replayTime,
          value: seconds === null ? m.unknown : amount(Math.ceil(seconds), "second", "seconds"),
        },
        { label: m.replayModel, value: cost.model ?? m.offline },
        {
          label: m.replayCost,
          value: cost.model && (cost.usd == null ? m.unknown : `$${precise(cost.usd)}`),
        },
      ]}
    />
  );
}

function Moves({ moves, excerpts }: { moves: readonly Move[]; excerpts: Record<string, string> }) {
  const name = useNames();
  return (
    <section aria-labelledby="moves">
      <h3 id="moves">{m.moved}</h3>
      <DataTable
        caption={m.moved}
        columns={[
          { name: m.now },
          { name: m.afterwards },
          { name: m.conversations, number: true },
          { name: m.exampleList },
        ]}
        rows={moves.map((move) => ({
          key: `${move.before} ${move.after}`,
          cells: [
            name(move.before),
            move.is_meant ? `${name(move.after)} (${m.meant})` : name(move.after),
            count(move.conversations),
            <Examples key="examples" ids={move.examples} excerpts={excerpts} />,
          ],
        }))}
      />
    </section>
  );
}

const MOST_LETTERS = 90;

function Examples({ ids, excerpts }: { ids: readonly string[]; excerpts: Record<string, string> }) {
  const { code } = useWorkspace();
  return (
    <ul className={styles.samples}>
      {ids
        .filter((id) => id in excerpts)
        .slice(0, 3)
        .map((id) => (
          <li key={id} dir="auto">
            <Link to="/w/$workspace/conversations/$id" params={{ workspace: code, id }}>
              {excerpts[id]?.slice(0, MOST_LETTERS) || m.withoutWords}
            </Link>
          </li>
        ))}
    </ul>
  );
}

function Effects({ preview }: { preview: Preview }) {
  const name = useNames();
  const [asTable, setAsTable] = useState(false);
  const rows = toEffects(preview);
  return (
    <ChartSection
      title={m.effect}
      note={m.effectNote}
      asTable={asTable}
      onToggle={setAsTable}
      chart={
        <DataTable
          caption={m.effect}
          columns={[
            { name: m.category },
            { name: m.now },
            { name: m.afterwards },
            { name: m.conversations, number: true },
          ]}
          rows={rows.map(({ id, before, after, sums }) => ({
            key: id,
            cells: [
              name(id),
              <Sparkline key="before" values={before} />,
              <Sparkline key="after" values={after} />,
              m.fromTo(rate(sums[0]), rate(sums[1])),
            ],
          }))}
        />
      }
      table={
        <DataTable
          caption={m.effect}
          columns={[
            { name: m.category },
            ...preview.weeks.map(({ week }) => ({
              name: date(week, "shortDay", "UTC"),
              number: true,
            })),
          ]}
          rows={rows.map(({ id, before, after }) => ({
            key: id,
            cells: [
              name(id),
              ...before.map((value, at) => m.fromTo(rate(value), rate(after[at] ?? 0))),
            ],
          }))}
        />
      }
    />
  );
}

function Matrix({ preview }: { preview: Preview }) {
  const name = useNames();
  const { rows, columns, of } = toMatrix(preview.moves);
  return (
    <section aria-labelledby="matrix">
      <h3 id="matrix">{m.matrix}</h3>
      <DataTable
        caption={m.matrix}
        columns={[{ name: m.now }, ...columns.map((id) => ({ name: name(id), number: true }))]}
        rows={rows.map((before) => ({
          key: before,
          cells: [name(before), ...columns.map((after) => count(of(before, after)))],
        }))}
      />
      <p className={styles.quiet}>{m.matrixNote}</p>
    </section>
  );
}

function Labels({ preview }: { preview: Preview }) {
  const name = useNames();
  return (
    <section aria-labelledby="labels">
      <h3 id="labels">{m.labels}</h3>
      <DataTable
        caption={m.labels}
        columns={[{ name: m.category }, { name: m.labels, number: true }, { name: m.becomes }]}
        rows={preview.labels.map(({ category_id: id, labels, becomes }) => ({
          key: id,
          cells: [
            name(id),
            count(labels),
            becomes === null ? m.labelAside : becomes === id ? m.labelKept : name(becomes),
          ],
        }))}
      />
    </section>
  );
}

/** Names of the newest version; an id that it does not have stays as it is. */
function useNames(): (id: string) => string {
  return useWorkspace().categoryName;
}
