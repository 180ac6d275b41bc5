"""The tables. What belongs to something goes with it; ids are never given twice.

Moments are milliseconds since 1970. Texts that hold lists or objects are JSON.
"""

from __future__ import annotations

KEY = "id INTEGER PRIMARY KEY AUTOINCREMENT"
TIMES = "created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL"

TABLES = f"""
CREATE TABLE IF NOT EXISTS user ({KEY}, username TEXT NOT NULL UNIQUE, first_name TEXT, last_name TEXT, email TEXT,
    role TEXT NOT NULL, time_zone TEXT NOT NULL, password TEXT NOT NULL, token TEXT NOT NULL UNIQUE, {TIMES});
CREATE TABLE IF NOT EXISTS project ({KEY}, name TEXT NOT NULL UNIQUE, description TEXT, is_private INTEGER NOT NULL,
    archived INTEGER NOT NULL, source_repo TEXT, {TIMES});
CREATE TABLE IF NOT EXISTS member (project_id INTEGER NOT NULL REFERENCES project ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, role TEXT NOT NULL, notifications TEXT NOT NULL,
    PRIMARY KEY (project_id, user_id));
CREATE TABLE IF NOT EXISTS space ({KEY}, project_id INTEGER NOT NULL REFERENCES project ON DELETE CASCADE,
    name TEXT NOT NULL, description TEXT, type TEXT, result_set_aggregation INTEGER NOT NULL, sandbox INTEGER NOT NULL,
    stale INTEGER NOT NULL, is_hidden INTEGER NOT NULL, min_run_period INTEGER NOT NULL, {TIMES},
    UNIQUE (project_id, name));
CREATE TABLE IF NOT EXISTS result ({KEY}, space_id INTEGER NOT NULL REFERENCES space ON DELETE CASCADE,
    name TEXT NOT NULL, sequence_number INTEGER NOT NULL, description TEXT, complete INTEGER NOT NULL,
    pinned INTEGER NOT NULL, user_id INTEGER REFERENCES user ON DELETE SET NULL, commit_id TEXT, build_url TEXT,
    build_status TEXT, notes INTEGER NOT NULL, {TIMES}, UNIQUE (space_id, name), UNIQUE (space_id, sequence_number));
CREATE TABLE IF NOT EXISTS content ({KEY}, result_id INTEGER NOT NULL REFERENCES result ON DELETE CASCADE,
    path TEXT NOT NULL, parent TEXT NOT NULL, name TEXT NOT NULL, description TEXT, type TEXT NOT NULL,
    manual INTEGER NOT NULL, cases TEXT NOT NULL, figures TEXT NOT NULL, custom_data TEXT NOT NULL,
    passed INTEGER NOT NULL, failed INTEGER NOT NULL, not_applicable INTEGER NOT NULL, errored INTEGER NOT NULL,
    untested INTEGER NOT NULL, error INTEGER NOT NULL, warning INTEGER NOT NULL, info INTEGER NOT NULL,
    duration REAL NOT NULL, started_at INTEGER NOT NULL, file_id INTEGER UNIQUE, UNIQUE (result_id, path));
CREATE TABLE IF NOT EXISTS failure ({KEY}, result_id INTEGER NOT NULL REFERENCES result ON DELETE CASCADE,
    suite TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, history TEXT NOT NULL, exempt INTEGER NOT NULL,
    message TEXT, failed_at INTEGER NOT NULL, passed_at INTEGER, tracked_count INTEGER NOT NULL,
    UNIQUE (result_id, suite, name));
CREATE TABLE IF NOT EXISTS metric ({KEY}, space_id INTEGER NOT NULL REFERENCES space ON DELETE CASCADE,
    name TEXT NOT NULL, data_source TEXT NOT NULL, chart_type TEXT NOT NULL, max_range INTEGER NOT NULL,
    max_range_limit INTEGER, units TEXT, variables TEXT NOT NULL, thresholds TEXT NOT NULL, badge TEXT,
    badge_token TEXT NOT NULL, {TIMES});
CREATE TABLE IF NOT EXISTS dataset ({KEY}, metric_id INTEGER NOT NULL REFERENCES metric ON DELETE CASCADE,
    result_id INTEGER NOT NULL REFERENCES result ON DELETE CASCADE, figures TEXT NOT NULL,
    published_at INTEGER NOT NULL, {TIMES}, UNIQUE (metric_id, result_id));
CREATE TABLE IF NOT EXISTS file ({KEY});
CREATE INDEX IF NOT EXISTS metric_of_space ON metric (space_id);
CREATE INDEX IF NOT EXISTS dataset_of_result ON dataset (result_id);
"""
