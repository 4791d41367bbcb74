-- What is known of a payload that could not be read, beside the missing value.
ALTER TABLE attribute ADD COLUMN note VARCHAR;
COMMENT ON COLUMN attribute.note IS 'Why there is no value: encoding and size of a payload that could not be read.';
