CREATE TABLE orders (
  id bigserial PRIMARY KEY,
  placed_by text NOT NULL DEFAULT '',
  placed_at timestamptz NOT NULL DEFAULT now()
);
