-- What a run that waits in a stage is moved by.
CREATE TABLE rule_message (
    stream VARCHAR NOT NULL, -- The stream.
    stage VARCHAR NOT NULL, -- A stage in which work waits for a message of its own.
    name VARCHAR, -- Signal or update; NULL: any that no nudge sends.
    needs INTEGER NOT NULL -- How many of them end the wait.
);
CREATE TABLE rule_nudge (
    stream VARCHAR NOT NULL, -- The stream.
    name VARCHAR NOT NULL -- Signal or update that a nudge sends.
);

-- A wait that nobody has ended yet is told anew: deriving everything again does it.
DELETE FROM rule_stream;
