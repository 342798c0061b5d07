"""The rule for N+1 and duplicates (Sentry's), as SQL over any calls that are taken apart into named values.

Calls of one run and one tool are similar when they have the same arguments and all but one of them agree. Of similar
calls those count that begin after the ones before them ended; a call repeated after it failed is a retry and does not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pilotage.playbook.integration import Calls

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

N_PLUS_ONE, DUPLICATE = "n_plus_one", "duplicate"
_WHOLE_SECOND_US, _FINER_US = 1_000_000, 1_000  # what rounding of times may hide, in microseconds

# The relation `calls` has run, seq, tool, status, begun (time or null), duration_s (or null) and parts, a list of
# {key, value}, null where the arguments are not known. From here on a run's tool is one number, and each argument is
# another: `whole` names all of a call's, and taking one out of it again (xor) names the rest. Text is hashed in one
# piece, since hash(a, b) is hash(a) and hash(b) combined so that equal values cancel out.
_NAMED = """
CREATE OR REPLACE TEMP TABLE named_calls AS
SELECT *, coalesce(list_bit_xor(names), 0::UBIGINT) AS whole
FROM (SELECT hash(concat(run, chr(1), tool)) AS place, seq, status, duration_s, epoch_us(begun) AS start_us,
             epoch_us(begun) + (1e6 * coalesce(duration_s, 0))::BIGINT AS end_us,
             list_transform(parts, lambda p: p.key) AS keys,
             list_transform(parts, lambda p: hash(concat(p.key, chr(1), p.value))) AS names
      FROM {calls} WHERE parts IS NOT NULL)"""

# Windows cost most, so they see only what they are needed for: calls that repeat, and groups that are large enough.
_REPEATED = """
CREATE OR REPLACE TEMP TABLE repeated_calls AS
WITH twice AS (SELECT place, whole FROM named_calls GROUP BY ALL HAVING count(*) > 1)
SELECT place, whole, seq, duration_s, start_us, end_us,
       lag(status) OVER (PARTITION BY place, whole ORDER BY seq) AS before
FROM named_calls SEMI JOIN twice USING (place, whole)"""

# A call that begins before an earlier similar one has ended runs beside it; where times lack, seq tells the order.
_BESIDE = """coalesce(start_us + $slack_us < max(end_us) OVER (PARTITION BY {group} ORDER BY seq
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), false) AS beside"""
_FOUND = """count(*) AS calls, CASE WHEN count(duration_s) = count(*) THEN sum(duration_s ORDER BY seq) END AS total_s,
            median(duration_s) AS median_s, min(seq) AS first_seq, max(seq) AS last_seq"""
_LONG_ENOUGH = "(count(duration_s) < count(*) OR sum(duration_s) * 1000 >= $total_ms_min)"  # unknown may be long

_DUPLICATES = f"""
WITH apart AS (SELECT *, {_BESIDE.format(group="place, whole")}
               FROM repeated_calls WHERE before IS NULL OR before = 'ok')
SELECT place, '{DUPLICATE}' AS kind, NULL::VARCHAR AS varying, {_FOUND}
FROM apart WHERE NOT beside GROUP BY place, whole HAVING count(*) > 1 AND {_LONG_ENOUGH}"""

# A call counts once, in its largest group: of a grid of two arguments, along the longer side.
_N_PLUS_ONE = f"""
WITH again AS (SELECT place, seq FROM repeated_calls WHERE before IS NOT NULL),
once AS (FROM named_calls ANTI JOIN again USING (place, seq)),
many AS (SELECT place FROM once GROUP BY place HAVING count(*) >= $calls_min),
single AS (SELECT place, seq, duration_s, start_us, end_us, whole, unnest(keys) AS varying, unnest(names) AS name
           FROM once SEMI JOIN many USING (place)),
grouped AS MATERIALIZED (SELECT * EXCLUDE (whole, name), xor(xor(whole, name), hash(varying)) AS rest FROM single),
large AS (SELECT place, varying, rest, count(*) AS size FROM grouped GROUP BY ALL HAVING count(*) >= $calls_min),
best AS (FROM grouped JOIN large USING (place, varying, rest)
         QUALIFY row_number() OVER (PARTITION BY place, seq ORDER BY size DESC, varying, rest) = 1),
apart AS (SELECT *, {_BESIDE.format(group="place, varying, rest")} FROM best)
SELECT place, '{N_PLUS_ONE}' AS kind, varying, {_FOUND}
FROM apart WHERE NOT beside AND NOT {{paging}} GROUP BY place, varying, rest
HAVING count(*) >= $calls_min AND {_LONG_ENOUGH}"""
# pageToken, page_token and page-token are alike; of a nested argument (filter.page) any part may say so.
_PAGING = r"""list_has_any($paging, list_transform(string_split(varying, '.'),
                                                   lambda part: regexp_replace(lower(part), '[^a-z0-9]', '', 'g')))"""

_WORST = f"""
WITH found AS MATERIALIZED (({_N_PLUS_ONE}) UNION ALL BY NAME ({_DUPLICATES}))
SELECT run, tool, kind, calls, varying, total_s, calls - 1 AS calls_saved,
       CASE WHEN total_s IS NOT NULL THEN greatest(0, total_s - median_s) END AS seconds_saved, first_seq, last_seq
FROM found JOIN {{calls}} c ON c.seq = found.first_seq AND hash(concat(c.run, chr(1), c.tool)) = found.place
ORDER BY seconds_saved DESC NULLS LAST, calls DESC, run, tool, first_seq, kind, varying"""
_SLACK = "SELECT count(start_us) = count(*) FILTER (start_us % 1000000 = 0) FROM named_calls"


def similar_calls(connection: duckdb.DuckDBPyConnection, calls: str, policy: Calls) -> pd.DataFrame:
    """The findings in the relation `calls`, worst first; empty where there are none.

    Columns: run, tool, kind (n_plus_one, duplicate), calls, varying (the argument that differs), total_s (null where
    some call has no duration), calls_saved, seconds_saved (what is left when one call of the median length stands for
    all; null where total_s is), first_seq, last_seq.
    """
    connection.execute(_NAMED.format(calls=calls))
    connection.execute(_REPEATED)
    rounded = connection.execute(_SLACK).fetchall()[0][0]
    asked = {
        "slack_us": _WHOLE_SECOND_US if rounded else _FINER_US, "calls_min": max(2, policy.calls_min),
        "total_ms_min": policy.total_ms_min, "paging": [_plain(name) for name in policy.paging_arguments],
    }  # fmt: skip
    found = connection.execute(_WORST.format(paging=_PAGING, calls=calls), asked).df()
    connection.execute("DROP TABLE named_calls; DROP TABLE repeated_calls")
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
