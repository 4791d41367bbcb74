-- What was forgotten, so that later rounds do not bring it back. Nothing here can be read, only compared.
CREATE TABLE forgotten (
    kind VARCHAR NOT NULL, -- salt: a random text that goes into every digest. run | key | row: what the digest is of.
    digest VARCHAR NOT NULL, -- SHA-256 of salt and name, hexadecimal; for the salt itself, the salt.
    forgotten_at TIMESTAMPTZ NOT NULL -- When it was forgotten, UTC.
);
