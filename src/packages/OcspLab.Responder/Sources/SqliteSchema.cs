namespace OcspLab.Responder.Sources;

/// <summary>The tables of a registry in SQLite.</summary>
internal static class SqliteSchema
{
    public const string WriteAhead = "PRAGMA journal_mode = WAL;";

    public const string Certificates = """
        CREATE TABLE IF NOT EXISTS certificates (
            serial     TEXT NOT NULL UNIQUE,
            name       TEXT NOT NULL,
            issued_at  TEXT NOT NULL,
            not_after  TEXT NOT NULL,
            revoked_at TEXT,
            reason     INTEGER,
            changed_at TEXT,
            invalid_since TEXT
        );
        CREATE INDEX IF NOT EXISTS certificates_name ON certificates (name);
        """;

    // By triggers, so that whoever writes is noticed, whatever program it is.
    public const string Changes = """
        CREATE TABLE IF NOT EXISTS certificate_changes (
            id     INTEGER PRIMARY KEY AUTOINCREMENT,
            serial TEXT NOT NULL
        );
        CREATE TRIGGER IF NOT EXISTS certificate_added AFTER INSERT ON certificates BEGIN
            INSERT INTO certificate_changes (serial) VALUES (NEW.serial);
        END;
        CREATE TRIGGER IF NOT EXISTS certificate_changed AFTER UPDATE ON certificates BEGIN
            INSERT INTO certificate_changes (serial) SELECT OLD.serial WHERE OLD.serial <> NEW.serial;
            INSERT INTO certificate_changes (serial) VALUES (NEW.serial);
        END;
        CREATE TRIGGER IF NOT EXISTS certificate_removed AFTER DELETE ON certificates BEGIN
            INSERT INTO certificate_changes (serial) VALUES (OLD.serial);
        END;
        """;
}
