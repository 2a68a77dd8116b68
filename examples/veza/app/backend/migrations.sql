SELECT pg_advisory_lock(1);
CREATE TABLE IF NOT EXISTS orders (id bigserial PRIMARY KEY, placed_by text NOT NULL, placed_at timestamptz NOT NULL DEFAULT now());
