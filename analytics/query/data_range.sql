-- From when to when there are messages.
SELECT count(*) AS turns, min(t.ts) AS first_at, max(t.ts) AS last_at FROM turns t WHERE t.tenant = :tenant
