-- Labels that can be trusted: who decided and how surely, labels by people, models that read.

ALTER TABLE text_models ADD COLUMN lessons integer NOT NULL DEFAULT 0;
ALTER TABLE text_models ADD COLUMN encoder_version text;
ALTER TABLE text_models ADD COLUMN erasures integer NOT NULL DEFAULT 0;
ALTER TABLE text_models ADD COLUMN calibration jsonb;
ALTER TABLE text_models ADD COLUMN held_out jsonb NOT NULL DEFAULT '{}';
ALTER TABLE text_models ADD COLUMN contradictions integer NOT NULL DEFAULT 0;
-- What a model said of a conversation goes with it.
CREATE FUNCTION forget_held_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE text_models m SET held_out = held_out - g.ids
      FROM (SELECT workspace_id, array_agg(id) AS ids FROM gone GROUP BY workspace_id) g
     WHERE m.workspace_id = g.workspace_id
       AND m.held_out ?| g.ids;
    RETURN NULL;
END
$$;
CREATE TRIGGER forget_held_out AFTER DELETE ON conversations
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_held_out();

ALTER TABLE classifications ADD COLUMN superseded_at timestamptz;
ALTER TABLE classifications ADD COLUMN prompt_hash text;
ALTER TABLE classifications ADD COLUMN local_category_id text;
ALTER TABLE classifications ADD COLUMN local_confidence real;
ALTER TABLE classifications ADD COLUMN is_audit boolean NOT NULL DEFAULT false;
-- A label that is not current any more was replaced by the next one of its conversation and stage.
UPDATE classifications c SET superseded_at = (SELECT min(n.created_at) FROM classifications n
    WHERE (n.workspace_id, n.conversation_id, n.stage) = (c.workspace_id, c.conversation_id, c.stage)
      AND n.id > c.id)
 WHERE NOT c.is_current;

-- What a language model reads out of a conversation, and its answers as they came.
ALTER TABLE analyses ADD COLUMN characters_left_out integer NOT NULL DEFAULT 0;
ALTER TABLE analyses ADD COLUMN messages_left_out integer NOT NULL DEFAULT 0;
ALTER TABLE classifications ADD COLUMN stated text CHECK (stated IN ('high', 'medium', 'low'));
ALTER TABLE facets ADD COLUMN summary text;
ALTER TABLE facets ADD COLUMN resolution text
    CHECK (resolution IN ('answered', 'workaround', 'promised', 'none', 'cannot_tell'));
ALTER TABLE facets ADD COLUMN self_service_gap boolean;
ALTER TABLE facets ADD COLUMN change_reason text;
ALTER TABLE issues ADD COLUMN component text;
ALTER TABLE issues ADD COLUMN symptoms text[] NOT NULL DEFAULT '{}';
ALTER TABLE issues ADD COLUMN root_cause_stated text;
ALTER TABLE issues ADD COLUMN root_cause_guessed text;
ALTER TABLE issues ADD COLUMN known_theme_id bigint;

-- What a language model answered, checked for its shape: the same question is never paid for twice.
CREATE TABLE model_answers (
    workspace_id     bigint      NOT NULL,
    conversation_id  text        NOT NULL,
    content_hash     text        NOT NULL,
    taxonomy_version integer     NOT NULL,
    prompt_hash      text        NOT NULL,
    model            text        NOT NULL,
    schema_version   text        NOT NULL,
    -- 1 is the answer to a second call, which told of the quotes that could not be found.
    attempt          smallint    NOT NULL,
    -- The themes that were offered, in their order: answers name them by number.
    offered_themes   bigint[]    NOT NULL,
    answer           jsonb       NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, content_hash, taxonomy_version, prompt_hash, model,
                 schema_version, attempt),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
);

CREATE OR REPLACE FUNCTION forget_changed_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM evidence
     WHERE workspace_id = OLD.workspace_id
       AND conversation_id = OLD.conversation_id
       AND message_id = OLD.id;
    DELETE FROM masked_messages
     WHERE workspace_id = OLD.workspace_id
       AND conversation_id = OLD.conversation_id
       AND message_id = OLD.id;
    DELETE FROM issues
     WHERE workspace_id = OLD.workspace_id
       AND conversation_id = OLD.conversation_id;
    DELETE FROM model_answers
     WHERE workspace_id = OLD.workspace_id
       AND conversation_id = OLD.conversation_id;
    UPDATE facets SET summary = NULL, change_reason = NULL
     WHERE workspace_id = OLD.workspace_id
       AND conversation_id = OLD.conversation_id;
    UPDATE stories SET content = jsonb_set(content, '{workaround}', 'null'), workaround_of = NULL
     WHERE workspace_id = OLD.workspace_id
       AND workaround_of = OLD.conversation_id;
    RETURN NEW;
END
$$;
CREATE OR REPLACE FUNCTION forget_deleted_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM issues i USING (SELECT DISTINCT workspace_id, conversation_id FROM gone) g
     WHERE i.workspace_id = g.workspace_id
       AND i.conversation_id = g.conversation_id;
    DELETE FROM model_answers a USING (SELECT DISTINCT workspace_id, conversation_id FROM gone) g
     WHERE a.workspace_id = g.workspace_id
       AND a.conversation_id = g.conversation_id;
    UPDATE facets f SET summary = NULL, change_reason = NULL
      FROM (SELECT DISTINCT workspace_id, conversation_id FROM gone) g
     WHERE f.workspace_id = g.workspace_id
       AND f.conversation_id = g.conversation_id;
    UPDATE stories s SET content = jsonb_set(content, '{workaround}', 'null'), workaround_of = NULL
      FROM (SELECT DISTINCT workspace_id, conversation_id FROM gone) g
     WHERE s.workspace_id = g.workspace_id
       AND s.workaround_of = g.conversation_id;
    RETURN NULL;
END
$$;

-- What a person was asked to label, how it was drawn, and with which chance.
CREATE TABLE review_items (
    workspace_id    bigint      NOT NULL,
    id              bigint      GENERATED BY DEFAULT AS IDENTITY,
    conversation_id text        NOT NULL,
    reason          text        NOT NULL CHECK (reason IN ('random', 'margin', 'disagreement', 'quotes', 'theme', 'requested')),
    -- The chance with which it was drawn; null where it was chosen. Only `random` ones, which are
    -- drawn from all conversations with the same chance, may be used to estimate shares.
    probability     real        CHECK (probability > 0 AND probability <= 1),
    -- Never learnt from: what accuracy is measured with.
    is_holdout      boolean     NOT NULL DEFAULT false,
    labellers       smallint    NOT NULL DEFAULT 1 CHECK (labellers IN (1, 2)),
    status          text        NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'done', 'withdrawn')),
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
);
-- Once for each reason that is drawn: what was drawn is never drawn again.
CREATE UNIQUE INDEX review_items_once ON review_items (workspace_id, conversation_id) WHERE reason = 'random';
CREATE UNIQUE INDEX review_items_open ON review_items (workspace_id, conversation_id) WHERE status = 'open';

-- Append-only: what people said, beside what the machine said at that moment.
CREATE TABLE human_labels (
    workspace_id        bigint      NOT NULL,
    id                  bigint      GENERATED BY DEFAULT AS IDENTITY,
    conversation_id     text        NOT NULL,
    -- A category id at a stage, or the ids of the themes that it belongs to, joined by commas, in
    -- their order (empty for none).
    kind                text        NOT NULL CHECK (kind IN ('open', 'final', 'theme')),
    value               text        NOT NULL,
    labeller            text        NOT NULL,
    -- Null for a correction in passing, which says nothing about shares.
    item_id             bigint,
    taxonomy_version    integer     NOT NULL,
    content_hash        text        NOT NULL,
    machine_value       text,
    machine_confidence  real,
    machine_decider     text,
    machine_version     text,
    created_at          timestamptz NOT NULL DEFAULT now(),
    -- Taken back by its labeller, or replaced by a later one of theirs.
    undone_at           timestamptz,
    -- The change of the taxonomy that wrote it anew in its own words, or put it aside.
    carried_by          bigint,
    set_aside_by        bigint,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, item_id) REFERENCES review_items ON DELETE CASCADE
);
CREATE UNIQUE INDEX human_labels_once ON human_labels (workspace_id, conversation_id, kind, labeller)
    WHERE undone_at IS NULL;
CREATE INDEX human_labels_by_item ON human_labels (workspace_id, item_id);

-- Who is labelling what at this moment, so that two people are not given the same item.
CREATE TABLE review_leases (
    workspace_id bigint      NOT NULL,
    item_id      bigint      NOT NULL,
    labeller     text        NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, item_id, labeller),
    FOREIGN KEY (workspace_id, item_id) REFERENCES review_items ON DELETE CASCADE
);

-- What a labeller would not decide: it is shown to others, and counted as not answered.
CREATE TABLE review_skips (
    workspace_id bigint      NOT NULL,
    item_id      bigint      NOT NULL,
    labeller     text        NOT NULL,
    skipped_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, item_id, labeller),
    FOREIGN KEY (workspace_id, item_id) REFERENCES review_items ON DELETE CASCADE
);

ALTER TABLE usage_ledger ADD COLUMN requests integer NOT NULL DEFAULT 1;
CREATE INDEX usage_ledger_by_time ON usage_ledger (workspace_id, at DESC);

-- What may be spent at most; null where the setting counts. The row is also the lock under which
-- money is reserved, so that two workers never reserve the same.
CREATE TABLE spending_limits (
    workspace_id bigint         NOT NULL PRIMARY KEY REFERENCES workspaces ON DELETE CASCADE,
    run_usd      numeric(14, 8) CHECK (run_usd >= 0),
    day_usd      numeric(14, 8) CHECK (day_usd >= 0),
    total_usd    numeric(14, 8) CHECK (total_usd >= 0)
);

-- Money put aside for calls that are under way. What a lost worker put aside is free again later.
CREATE TABLE spending_reservations (
    workspace_id bigint         NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id           bigint         GENERATED BY DEFAULT AS IDENTITY,
    run_id       bigint,
    amount_usd   numeric(14, 8) NOT NULL,
    expires_at   timestamptz    NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

-- Sums of the usage ledger, so that no reservation has to add it up.
CREATE TABLE spending_totals (
    workspace_id bigint         NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    scope        text           NOT NULL CHECK (scope IN ('run', 'day', 'total')),
    -- The run's id, the day (UTC), or nothing.
    key          text           NOT NULL,
    spent_usd    numeric(14, 8) NOT NULL,
    PRIMARY KEY (workspace_id, scope, key)
);

-- The newest quote of each workspace: asked for, then made by a worker, or why it could not be made.
CREATE TABLE cost_quotes (
    workspace_id bigint      NOT NULL PRIMARY KEY REFERENCES workspaces ON DELETE CASCADE,
    asked_at     timestamptz NOT NULL,
    made_at      timestamptz,
    quote        jsonb,
    error        text
);

-- From what items are drawn, by the reason. `random` is everything that a machine has labelled,
-- whatever people have said of it since: else the sample would lack what they corrected.
CREATE VIEW review_pools AS
WITH machine AS (
    SELECT DISTINCT ON (c.workspace_id, c.conversation_id) c.workspace_id, c.conversation_id,
           c.category_id, c.local_category_id,
           -- Where nothing is claimed, how near the best guess is to even odds, from where on it is.
           CASE WHEN c.category_id = 'cannot_tell' THEN abs(0.5 - c.confidence)
                ELSE c.confidence - coalesce(c.runner_up_confidence, 0) END AS margin
      FROM classifications c
      JOIN analyses a ON (a.workspace_id, a.conversation_id) = (c.workspace_id, c.conversation_id)
     WHERE c.stage = 'final' AND c.decider <> 'human' AND a.status = 'done'
     ORDER BY c.workspace_id, c.conversation_id, c.id DESC
)
SELECT workspace_id, conversation_id, 'random' AS reason FROM machine
UNION ALL
-- The tenth that was decided most narrowly.
SELECT workspace_id, conversation_id, 'margin' FROM (
    SELECT workspace_id, conversation_id,
           percent_rank() OVER (PARTITION BY workspace_id ORDER BY margin) AS rank FROM machine) r
 WHERE rank <= 0.1
UNION ALL
SELECT m.workspace_id, m.conversation_id, 'disagreement' FROM machine m
  JOIN classifications o ON (o.workspace_id, o.conversation_id) = (m.workspace_id, m.conversation_id)
   AND o.stage = 'open' AND o.is_current
 WHERE o.category_id <> m.category_id OR m.local_category_id <> m.category_id
UNION ALL
SELECT m.workspace_id, m.conversation_id, 'quotes' FROM machine m
  JOIN analyses a ON (a.workspace_id, a.conversation_id) = (m.workspace_id, m.conversation_id)
 WHERE a.quotes_dropped > 0
UNION ALL
-- Of themes that are not older than two weeks.
SELECT DISTINCT m.workspace_id, m.conversation_id, 'theme' FROM machine m
  JOIN issues i ON (i.workspace_id, i.conversation_id) = (m.workspace_id, m.conversation_id)
  JOIN theme_assignments s ON (s.workspace_id, s.issue_id) = (i.workspace_id, i.id)
   AND s.superseded_at IS NULL
  JOIN themes t ON (t.workspace_id, t.id) = (s.workspace_id, s.theme_id)
 WHERE t.created_at > now() - interval '14 days';

-- Subjects are masked like messages: (start, end) in the masked one, in the subject, kind.
ALTER TABLE conversations ADD COLUMN masked_subject text;
ALTER TABLE conversations ADD COLUMN subject_spans jsonb NOT NULL DEFAULT '[]';

-- A copy must not outlive what it is a copy of.
CREATE FUNCTION forget_changed_subject() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.masked_subject := NULL;
    NEW.subject_spans := '[]';
    RETURN NEW;
END
$$;
CREATE TRIGGER forget_changed_subject BEFORE UPDATE OF subject ON conversations
    FOR EACH ROW WHEN (OLD.subject IS DISTINCT FROM NEW.subject)
    EXECUTE FUNCTION forget_changed_subject();

ALTER TABLE product_areas ADD COLUMN definition text NOT NULL DEFAULT '';
ALTER TABLE product_areas ADD COLUMN parent_id text;
ALTER TABLE product_areas ADD FOREIGN KEY (workspace_id, taxonomy_version, parent_id)
    REFERENCES product_areas DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE product_areas ADD CHECK (parent_id <> id);

-- An edit of the taxonomy: a whole proposed taxonomy, from draft to version and back.
CREATE TABLE taxonomy_changes (
    workspace_id     bigint      NOT NULL,
    id               bigint      GENERATED BY DEFAULT AS IDENTITY,
    base_version     integer     NOT NULL,
    status           text        NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'applied', 'reverted', 'discarded')),
    -- Grows with every edit: a writer that has not seen the last one is refused.
    revision         integer     NOT NULL DEFAULT 1,
    note             text        NOT NULL DEFAULT '',
    proposal         jsonb       NOT NULL,
    preview_status   text        CHECK (preview_status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    preview_revision integer,
    preview_done     integer     NOT NULL DEFAULT 0,
    preview_total    integer     NOT NULL DEFAULT 0,
    preview_error    text,
    -- Counts and ids; never what a customer wrote.
    preview          jsonb,
    applied_version  integer,
    reverted_version integer,
    -- The run that replays it.
    run_id           bigint,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    applied_at       timestamptz,
    reverted_at      timestamptz,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, base_version) REFERENCES taxonomy_versions ON DELETE CASCADE,
    CHECK ((applied_version IS NOT NULL) = (status IN ('applied', 'reverted'))),
    CHECK ((reverted_version IS NOT NULL) = (status = 'reverted'))
);
-- One draft at a time, so that two people edit the same one and see each other.
CREATE UNIQUE INDEX taxonomy_changes_draft ON taxonomy_changes (workspace_id) WHERE status = 'draft';

-- How each model endpoint (by the hash of its address and model) has to be asked for a shape.
CREATE TABLE model_endpoints (
    endpoint_hash text        NOT NULL PRIMARY KEY,
    model         text        NOT NULL,
    form          text        NOT NULL CHECK (form IN ('json_schema', 'json_object', 'tool', 'prompt')),
    probed_at     timestamptz NOT NULL DEFAULT now()
);

-- What the account with each model provider (by the hash of its address, model and key) may do in a
-- minute, and what is left of it; shared by all processes.
CREATE TABLE model_allowances (
    account_hash   text             NOT NULL PRIMARY KEY,
    requests_limit integer          NOT NULL DEFAULT 0,
    tokens_limit   integer          NOT NULL DEFAULT 0,
    requests       double precision NOT NULL DEFAULT 0,
    tokens         double precision NOT NULL DEFAULT 0,
    counted_at     timestamptz      NOT NULL DEFAULT '-infinity',
    paused_until   timestamptz      NOT NULL DEFAULT '-infinity'
);

-- What was handed in to a provider's batch API, so that a restart finds it again and nothing is paid
-- for twice. The key is ours and goes with the batch; the provider's id is null until it is known.
CREATE TABLE model_batches (
    workspace_id bigint      NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id           bigint      GENERATED BY DEFAULT AS IDENTITY,
    key          text        NOT NULL UNIQUE,
    provider_id  text,
    model        text        NOT NULL,
    purpose      text        NOT NULL,
    run_id       bigint,
    -- What each request is about, in the order of the requests.
    items        text[]      NOT NULL,
    -- What keeping the answers takes: ids and hashes, in the order of the items; never any text.
    details      jsonb       NOT NULL,
    -- The money that is put aside for it.
    reservation_id bigint,
    status       text        NOT NULL DEFAULT 'submitting' CHECK (status IN ('submitting', 'running', 'fetched', 'lost')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    submitted_at timestamptz,
    fetched_at   timestamptz,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX model_batches_open ON model_batches (workspace_id, model) WHERE status IN ('submitting', 'running');

-- A run whose stage waits for batches: whose turn it is, how far handing in has come, whether a
-- ceiling stopped it.
CREATE TABLE batch_waits (
    workspace_id bigint      NOT NULL,
    run_id       bigint      NOT NULL,
    -- Each turn is one job's; a job that was repeated finds that it is over.
    turn         integer     NOT NULL DEFAULT 0,
    -- The page that is handed in next; null when no more is.
    next_page    integer,
    is_short     boolean     NOT NULL DEFAULT false,
    since        timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz,
    PRIMARY KEY (workspace_id, run_id),
    FOREIGN KEY (workspace_id, run_id) REFERENCES runs ON DELETE CASCADE
);

-- A name that becomes known later must not stay in a copy that a model sees.
CREATE FUNCTION mask_again_for_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE conversations c SET masked_key = NULL FROM after_rows n
            WHERE c.workspace_id = n.workspace_id AND c.contact_id = n.id
            AND c.masked_key IS NOT NULL;
    ELSE
        UPDATE conversations c SET masked_key = NULL
            FROM after_rows n JOIN before_rows o ON (o.workspace_id, o.id) = (n.workspace_id, n.id)
            WHERE c.workspace_id = n.workspace_id AND c.contact_id = n.id
            AND c.masked_key IS NOT NULL
            AND (o.name, o.email, o.phone, o.custom_attributes)
                IS DISTINCT FROM (n.name, n.email, n.phone, n.custom_attributes);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER mask_again_for_new_contacts AFTER INSERT ON contacts
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION mask_again_for_contacts();
CREATE TRIGGER mask_again_for_changed_contacts AFTER UPDATE ON contacts
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION mask_again_for_contacts();
CREATE FUNCTION mask_again_for_companies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE conversations c SET masked_key = NULL FROM after_rows n
            WHERE c.workspace_id = n.workspace_id AND c.company_id = n.id
            AND c.masked_key IS NOT NULL;
    ELSE
        UPDATE conversations c SET masked_key = NULL
            FROM after_rows n JOIN before_rows o ON (o.workspace_id, o.id) = (n.workspace_id, n.id)
            WHERE c.workspace_id = n.workspace_id AND c.company_id = n.id
            AND c.masked_key IS NOT NULL
            AND (o.name, o.custom_attributes) IS DISTINCT FROM (n.name, n.custom_attributes);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER mask_again_for_new_companies AFTER INSERT ON companies
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION mask_again_for_companies();
CREATE TRIGGER mask_again_for_changed_companies AFTER UPDATE ON companies
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION mask_again_for_companies();
