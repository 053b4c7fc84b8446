import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ChangeDetail, Operation } from "@/api/generated";
import {
  getTaxonomyChangeOptions,
  getTaxonomyOptions,
} from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/taxonomy";
import { Badge } from "@/ui/badge";
import { Page } from "@/ui/page";
import { QueryView, SkeletonLines } from "@/ui/states";
import { ChangeActions } from "./change-actions";
import { DraftEditor } from "./draft-editor";
import { PreviewSection } from "./preview-section";
import styles from "./taxonomy.module.css";
import { useDraft } from "./use-draft";

const route = getRouteApi("/w/$workspace/taxonomy/changes/$id");
const POLL_MILLISECONDS = 1000;

const isBeingPreviewed = ({ change }: ChangeDetail): boolean =>
  change.preview_status === "queued" || change.preview_status === "running";

export function ChangeScreen() {
  const { code } = useWorkspace();
  const { id } = route.useParams();
  const path = { workspace: code, change_id: Number(id) };
  const query = useQuery({
    ...getTaxonomyChangeOptions({ path }),
    refetchInterval: ({ state }) =>
      state.data && isBeingPreviewed(state.data) ? POLL_MILLISECONDS : false,
  });
  return (
    <Page
      title={m.changeName(Number(id))}
      above={
        <Link to="/w/$workspace/taxonomy" params={{ workspace: code }}>
          {m.backToTaxonomy}
        </Link>
      }
      lead={query.data && <Lead detail={query.data} />}
    >
      <QueryView query={query} skeleton={<SkeletonLines count={8} height="2.5rem" />}>
        {(detail) =>
          detail.change.status === "draft" ? (
            <Draft key={detail.change.id} detail={detail} />
          ) : (
            <Settled detail={detail} />
          )
        }
      </QueryView>
    </Page>
  );
}

function Lead({ detail: { change } }: { detail: ChangeDetail }) {
  const { code } = useWorkspace();
  return (
    <>
      <Badge tone={change.status === "draft" ? "accent" : "neutral"}>
        {m.statuses[change.status]}
      </Badge>{" "}
      {m.ofVersion(change.base_version)}{" "}
      {change.applied_version !== null && m.becameVersion(change.applied_version)}{" "}
      {change.reverted_version !== null && m.revertedAs(change.reverted_version)}{" "}
      {change.run_id !== null && (
        <Link
          to="/w/$workspace/runs/$id"
          params={{ workspace: code, id: `${change.run_id}` }}
          className={styles.link}
        >
          {m.toRun}
        </Link>
      )}{" "}
      {change.status !== "draft" && change.note}
    </>
  );
}

function Draft({ detail }: { detail: ChangeDetail }) {
  const { path } = useWorkspace();
  const draft = useDraft(detail);
  const base = useQuery(
    getTaxonomyOptions({ path, query: { taxonomy: detail.change.base_version } }),
  );
  return (
    <div className={styles.parts}>
      <Operations operations={detail.operations} />
      <ChangeActions detail={detail} ready={draft.saved} />
      <PreviewSection detail={detail} ready={draft.saved} />
      <QueryView query={base} skeleton={<SkeletonLines count={8} height="2.5rem" />}>
        {({ taxonomy }) => <DraftEditor detail={detail} base={taxonomy} draft={draft} />}
      </QueryView>
    </div>
  );
}

function Settled({ detail }: { detail: ChangeDetail }) {
  return (
    <div className={styles.parts}>
      <Operations operations={detail.operations} />
      <ChangeActions detail={detail} ready />
      {detail.change.preview && <PreviewSection detail={detail} ready />}
    </div>
  );
}

function Operations({ operations }: { operations: readonly Operation[] }) {
  return (
    <section aria-labelledby="operations">
      <h2 id="operations">{m.whatChanges}</h2>
      {operations.length === 0 && <p className={styles.quiet}>{m.nothingChanges}</p>}
      <ul className={styles.operations}>
        {operations.map(({ kind, noun, before, after, detail }) => (
          <li key={`${kind} ${noun} ${before.join()} ${after.join()}`}>
            <Badge tone={kind === "retire" ? "caution" : "neutral"}>{m.kinds[kind]}</Badge>{" "}
            {kind === "reorder" ? "" : m.operationEnds(before, after)}{" "}
            {detail && <span className={styles.quiet}>{detail}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
