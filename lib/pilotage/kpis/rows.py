"""The SQL that fetches the rows of the KPIs from the tables; `definitions` says what each of them counts."""

# A sub-agent's run belongs to its parent's and is no unit of its own, unless it names a task or trial of its own.
# Repeated trials of a task, or several runs for a case, are one cluster. Filled in when measuring: {alone}, what a run
# without task and case counts as, {seen}, which runs had come in when one looked, and {in_time}, which ratings had.
RUNS = """(SELECT i.*, strftime(date_trunc('week', local_time(i.started_at)), '%Y-%m-%d') AS week,
                  coalesce(i.task_id, p.task_id, i.case_id, p.case_id, {alone}) AS cluster,
                  i.parent_interaction IS NULL OR (i.task_id IS NOT NULL AND (i.task_id IS DISTINCT FROM p.task_id
                      OR i.trial IS DISTINCT FROM p.trial)) AS is_unit
           FROM interactions i LEFT JOIN interactions p ON p.interaction_id = i.parent_interaction WHERE {seen})"""
UNASSIGNED = "?"  # the cluster of runs that name no task in a dataset whose runs have tasks

INTERACTIONS = """SELECT phase, segment, week, cluster, interaction_id AS id, started_at AS begun,
                         {value} AS value FROM {runs} WHERE is_unit"""

# Which unit each run counts for: itself, or the unit that its chain of parents leads to, however deep. UNION and not
# UNION ALL, so that even a ring of runs ends; `climb` has one row per step up, so their number is a run's depth.
OWNERS = """
WITH RECURSIVE runs AS MATERIALIZED (FROM {runs}),
climb AS (SELECT interaction_id, parent_interaction AS unit FROM runs WHERE NOT is_unit
          UNION SELECT c.interaction_id, r.parent_interaction FROM climb c JOIN runs r ON r.interaction_id = c.unit
          WHERE NOT r.is_unit),
owners AS (SELECT interaction_id, interaction_id AS unit FROM runs WHERE is_unit
           UNION ALL SELECT c.interaction_id, c.unit FROM climb c JOIN runs r ON r.interaction_id = c.unit
           WHERE r.is_unit)"""

# A run's own tokens, else those of its model calls where all are known; a sub-agent's are those of the unit above it.
SPENT = """
calls AS (SELECT interaction_id, CASE WHEN count(*) = count(input_tokens + output_tokens)
                                      THEN sum(input_tokens + output_tokens) END AS tokens
          FROM model_calls GROUP BY interaction_id),
spent AS (SELECT r.interaction_id, o.unit, coalesce(r.input_tokens + r.output_tokens, c.tokens) AS tokens
          FROM runs r JOIN owners o USING (interaction_id) LEFT JOIN calls c USING (interaction_id))"""
TOKENS = f"""{OWNERS},{SPENT},
whole AS (SELECT unit AS interaction_id, CASE WHEN count(*) = count(tokens) THEN sum(tokens) END AS value
          FROM spent GROUP BY unit)
SELECT phase, segment, week, cluster, interaction_id AS id, started_at AS begun, value
FROM runs JOIN whole USING (interaction_id)"""

# What has no task is no try of one, such as a live run for a case; where runs name both, a missing task is a lost name.
TRIED = """ AND (task_id IS NOT NULL OR case_id IS NULL
                 OR EXISTS (FROM interactions x WHERE x.task_id IS NOT NULL AND x.case_id IS NOT NULL))"""

TOOL_CALLS = """
SELECT r.phase, r.segment, r.week, r.cluster, concat(t.interaction_id, ' ', t.seq) AS id,
       r.started_at AS begun, t.tool, CASE WHEN {failed} THEN 1 ELSE 0 END AS value
FROM tool_calls t JOIN {runs} r USING (interaction_id)"""

# Where labellers disagree, the doubt is not the agent's gain: {against} takes the label that speaks against it.
HUMAN_LABELS = """
SELECT r.phase, r.segment, any_value(r.cluster) AS cluster, r.interaction_id AS id,
       min(l.labelled_at) AS begun,
       CASE WHEN {against}(l.value) >= 0.5 THEN 1 ELSE 0 END AS value
FROM labels l JOIN {runs} r USING (interaction_id)
WHERE l.metric = '{metric}' AND l.source = 'human' AND l.stream = 'uniform' AND r.is_unit
GROUP BY r.interaction_id, r.phase, r.segment"""

FEEDBACK = """
SELECT r.phase, r.segment, any_value(r.cluster) AS cluster, r.interaction_id AS id,
       min(f.at) AS begun,
       max(CASE WHEN f.kind IN ({kinds}) THEN 1 ELSE 0 END) AS value
FROM feedback f JOIN {runs} r USING (interaction_id) WHERE r.is_unit AND {in_time}
GROUP BY r.interaction_id, r.phase, r.segment"""

CASES = "SELECT phase, segment, case_id AS cluster, case_id AS id, opened_at AS begun, {value} AS value FROM cases"

# What a case took is known when it is closed; where a dataset says of no case that it is closed, all of them are.
CLOSED = CASES + " WHERE closed_at IS NOT NULL OR {value} IS NOT NULL OR (SELECT count(closed_at) FROM cases) = 0"

REWORK = """
SELECT c.phase, c.segment, c.case_id AS cluster, c.case_id AS id, any_value(c.opened_at) AS begun,
       max(CASE WHEN e.times > 1 THEN 1 ELSE 0 END) AS value
FROM cases c JOIN (SELECT case_id, activity, count(*) AS times FROM events GROUP BY case_id, activity) e USING (case_id)
GROUP BY c.phase, c.segment, c.case_id"""

# What the guard would do with each text that it may be judged by (see kpis.guarded); a text the guard was adapted on
# says nothing about others, so it is left out.
GUARDED = """
SELECT phase, source, language, cluster, text_id AS id, NULL::TIMESTAMP AS begun,
       CAST(decision IN ('review', 'block') AS INTEGER) AS value
FROM guarded WHERE side = 'input' AND label IN ({labels}) AND NOT seen"""

# A week in which one run's decision is not known has no value; runs without a time belong to no week.
GUARD_REVIEWS = """
SELECT r.phase, r.week AS cluster, r.week AS id, min(r.started_at) AS begun,
       CASE WHEN count(*) = count(g.decision) THEN count(*) FILTER (g.decision = 'review') END AS value
FROM guarded_runs g JOIN {runs} r USING (interaction_id) WHERE r.week IS NOT NULL GROUP BY r.phase, r.week"""
