namespace OcspLab.Responder.Sources;

/// <summary>The tables of registries in PostgreSQL.</summary>
internal static class PostgresSchema
{
    /// <summary>Where a change is told when it is committed, with its authority.</summary>
    public const string Channel = "ocsp_changes";

    /// <summary>Says <c>none</c>, <c>old</c> or <c>current</c>.</summary>
    public const string Look = """
        SELECT CASE
            WHEN to_regclass('ocsp_changes') IS NULL THEN 'none'
            WHEN prosrc LIKE '%pg_notify%' THEN 'current'
            ELSE 'old'
        END
        FROM (SELECT to_regproc('ocsp_note_change') AS it) AS known LEFT JOIN pg_proc ON pg_proc.oid = known.it
        """;

    /// <summary>What notes a change, and tells of it; also in the place of an earlier release's.</summary>
    public const string NoteChange = """
        CREATE OR REPLACE FUNCTION ocsp_note_change(the_authority text, the_serial text) RETURNS void
        LANGUAGE plpgsql AS $$
        DECLARE the_number bigint;
        BEGIN
            INSERT INTO ocsp_revisions VALUES (the_authority, 1)
                ON CONFLICT (authority) DO UPDATE SET number = ocsp_revisions.number + 1
                RETURNING number INTO the_number;
            INSERT INTO ocsp_changes VALUES (the_authority, the_number, the_serial);
            PERFORM pg_notify('ocsp_changes', the_authority);
            DELETE FROM ocsp_changes WHERE authority = the_authority AND number <= the_number - 100000;
        END $$;
        """;

    // The revision grows in the same transaction as the change, whoever makes it: a sequence would run ahead of the
    // commit. An insertion needs none, because nobody keeps an answer about what was never issued.
    public const string Text = $$"""
        SELECT pg_advisory_xact_lock(6960);
        CREATE TABLE IF NOT EXISTS ocsp_certificates (
            id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            authority  text NOT NULL,
            serial     text NOT NULL,
            name       text NOT NULL,
            issued_at  timestamptz NOT NULL,
            not_after  timestamptz NOT NULL,
            revoked_at timestamptz,
            reason     integer,
            changed_at timestamptz,
            UNIQUE (authority, serial)
        );
        ALTER TABLE ocsp_certificates ADD COLUMN IF NOT EXISTS invalid_since timestamptz;
        CREATE INDEX IF NOT EXISTS ocsp_certificates_name ON ocsp_certificates (authority, name);
        CREATE TABLE IF NOT EXISTS ocsp_revisions (authority text PRIMARY KEY, number bigint NOT NULL);
        CREATE TABLE IF NOT EXISTS ocsp_changes (
            authority text NOT NULL,
            number    bigint NOT NULL,
            serial    text,
            PRIMARY KEY (authority, number)
        );
        {{NoteChange}}
        CREATE OR REPLACE FUNCTION ocsp_count_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'TRUNCATE' THEN
                PERFORM ocsp_note_change(authority, NULL) FROM ocsp_revisions;
                RETURN NULL;
            END IF;
            PERFORM ocsp_note_change(OLD.authority, OLD.serial);
            IF TG_OP = 'UPDATE' AND (NEW.authority, NEW.serial) <> (OLD.authority, OLD.serial) THEN
                PERFORM ocsp_note_change(NEW.authority, NEW.serial);
            END IF;
            RETURN NULL;
        END $$;
        DROP TRIGGER IF EXISTS ocsp_truncate ON ocsp_certificates;
        CREATE TRIGGER ocsp_truncate AFTER TRUNCATE ON ocsp_certificates
            FOR EACH STATEMENT EXECUTE FUNCTION ocsp_count_change();
        DROP TRIGGER IF EXISTS ocsp_change ON ocsp_certificates;
        CREATE TRIGGER ocsp_change AFTER UPDATE OR DELETE ON ocsp_certificates
            FOR EACH ROW EXECUTE FUNCTION ocsp_count_change();
        """;
}
