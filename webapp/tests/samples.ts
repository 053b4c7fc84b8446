// Values of the API's types for tests: each function takes what the test is about.

import type {
  ConversationRow,
  Driver,
  Estimate,
  HumanLabel,
  Quote,
  Run,
  RunDetail,
  Stage,
  StageProgress,
  StoredLabel,
  Story,
  ThemeRow,
  Week,
} from "@/api/generated";
import type { RunEvent } from "@/features/runs/run-event";

const MOMENT = "2026-11-20T10:00:00Z";

/** By 300 labels, of which 12 are of conversations that the machine counts. */
export const estimate = (parts: Partial<Estimate> = {}): Estimate => ({
  count: { value: 36, low: 29, high: 44.4 },
  share: { value: 0.018, low: 0.0145, high: 0.0222 },
  raw: 41,
  population: 2000,
  labels: 300,
  labels_within: 12,
  missing: 0,
  method: "ppi++ score",
  taxonomy_version: 1,
  since: null,
  until: null,
  as_of: MOMENT,
  ...parts,
});

interface DriverParts {
  id?: number;
  name?: string;
  keywords?: string[];
  category?: string | null;
  area?: string | null;
  conversations?: number;
  customers?: number;
  change?: Partial<Driver["change"]>;
  verdict?: Driver["verdict"];
}

export function driver(parts: DriverParts = {}): Driver {
  const id = parts.id ?? 1;
  return {
    theme: {
      id,
      version: 1,
      name: parts.name ?? `Theme ${id}`,
      keywords: parts.keywords ?? [],
      category_id: parts.category ?? null,
      product_area_id: parts.area ?? null,
      cohesion: 0.7,
      created_at: MOMENT,
      updated_at: MOMENT,
    },
    volume: {
      theme_id: id,
      conversations: parts.conversations ?? 10,
      customers: parts.customers ?? 8,
      recent: 3,
      recent_customers: 3,
      before: 4,
      revenue: 100,
      negative: 1,
      churn: 0,
      first_at: MOMENT,
      latest_at: MOMENT,
    },
    usual: 1,
    change: { value: 3, low: 0.7, high: 12, ...parts.change },
    verdict: parts.verdict ?? "unclear",
    quotes: [],
    estimate: estimate(),
    recent_estimate: estimate({ count: null, share: null, labels: 8, missing: 92 }),
  };
}

export const themeRow = (parts: DriverParts = {}): ThemeRow => ({
  driver: driver(parts),
  trend: [0, 1, 2],
});

export const quote = (parts: Partial<Quote> = {}): Quote => ({
  evidence_id: 1,
  theme_id: 1,
  conversation_id: "100",
  message_id: "m1",
  kind: "issue",
  start: 3,
  end: 12,
  text: "it breaks",
  customer_id: "c1",
  said_at: MOMENT,
  plan: "Pro",
  probability: 0.9,
  ...parts,
});

export const story = (parts: Partial<Story> = {}): Story => ({
  id: 5,
  theme_id: 1,
  theme_version: 1,
  title: "Fix: exports break",
  problem: "12 customers wrote about it.",
  who: "12 customers.",
  acceptance_criteria: [
    // biome-ignore lint/suspicious/noThenProperty: the API's name for it
    { given: "a report", when: "it is exported", then: "it opens", assumption: true },
  ],
  out_of_scope: [],
  open_questions: ["What causes it?"],
  workaround: null,
  reach: { value: 12, low: 6.2, high: 21 },
  score: { value: 9, low: 4.04, high: 17 },
  score_parts: [{ name: "reach", value: 12, low: 6.2, high: 21, explanation: "12 customers" }],
  decider: "rule",
  created_at: MOMENT,
  updated_at: MOMENT,
  ...parts,
});

export const label = (parts: Partial<StoredLabel> = {}): StoredLabel => ({
  conversation_id: "100",
  stage: "final",
  category_id: "billing",
  confidence: 0.83,
  runner_up_id: "bug",
  runner_up_confidence: 0.11,
  decider: "local_model",
  model_version: "v1",
  taxonomy_version: 1,
  input_key: "k",
  is_current: true,
  created_at: MOMENT,
  superseded_at: null,
  ...parts,
});

export const humanLabel = (parts: Partial<HumanLabel> = {}): HumanLabel => ({
  id: 1,
  conversation_id: "100",
  kind: "final",
  value: "billing",
  item_id: null,
  labeller: "me",
  taxonomy_version: 1,
  machine_value: "bug",
  machine_confidence: 0.61,
  machine_decider: "local_model",
  created_at: MOMENT,
  ...parts,
});

export const conversationRow = (parts: Partial<ConversationRow> = {}): ConversationRow => ({
  id: "100",
  created_at: MOMENT,
  updated_at: MOMENT,
  preview: "Hello",
  state: "open",
  channel: "email",
  contact_id: "c1",
  contact_name: "Ada",
  company_name: null,
  plan: null,
  category_id: "billing",
  confidence: 0.8,
  decider: "local_model",
  language: "en",
  sentiment: "neutral",
  churn_risk: false,
  truncated: false,
  themes: [],
  ...parts,
});

export const week = (parts: Partial<Week> = {}): Week => ({
  since: "2026-11-13T00:00:00Z",
  until: "2026-11-20T00:00:00Z",
  coverage: {
    expected: 100,
    listed: 100,
    unlisted: 0,
    stored: 100,
    pending: 0,
    skipped: 0,
    failed: 0,
    unreadable: 0,
    incomplete: 0,
  },
  categories: [
    { category_id: "billing", conversations: 60, estimate: null },
    { category_id: "cannot_tell", conversations: 40, estimate: null },
  ],
  themed_estimate: null,
  themed: { conversations: 100, themed: 80, without_issue: 5, themes: 7 },
  drivers: [],
  last_run: null,
  ...parts,
});

const run: Run = {
  id: 1,
  workspace_id: 1,
  status: "queued",
  stage: null,
  error: null,
  created_at: MOMENT,
  started_at: null,
  finished_at: null,
  cancel_requested: false,
};

export const stage = (name: Stage, parts: Partial<StageProgress> = {}): StageProgress => ({
  stage: name,
  status: "waiting",
  done: 0,
  total: null,
  failed: 0,
  started_at: null,
  finished_at: null,
  ...parts,
});

export const runDetail = (parts: Partial<Run> = {}, stages: StageProgress[] = []): RunDetail => ({
  run: { ...run, ...parts },
  stages: stages.length > 0 ? stages : [stage("sync"), stage("mask")],
});

let lastEvent = 0;

export function runEvent(parts: Partial<RunEvent> = {}): RunEvent {
  lastEvent += 1;
  return {
    id: lastEvent,
    at: MOMENT,
    stage: null,
    kind: "status",
    done: null,
    total: null,
    message: "",
    ...parts,
  };
}
