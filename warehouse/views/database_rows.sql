-- One row per version of a database row that was seen.
SELECT
    source.source AS source, -- The database.
    row_version.table_name AS table_name, -- Configured name of the table or query.
    row_version.row_id AS row_id, -- The row's key columns as a JSON array.
    row_version.seen_at AS seen_at, -- When this version was first seen, UTC.
    row_version.is_deleted AS is_deleted, -- The row was gone.
    row_version.content AS content -- The row as a JSON object; empty when it was deleted.
FROM row_version
JOIN source ON source.source_key = row_version.source_key
ORDER BY source, table_name, row_id, seen_at
