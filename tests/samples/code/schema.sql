-- Tables of the library.
CREATE TABLE IF NOT EXISTS "public"."books" (
    id integer PRIMARY KEY,
    title text DEFAULT 'none; yet' -- a semicolon; in a comment
);

CREATE UNIQUE INDEX books_title ON books (title);

INSERT INTO books VALUES (1, 'A; B');
INSERT INTO books VALUES (2, 'C');

CREATE OR REPLACE FUNCTION count_books() RETURNS integer AS $$
BEGIN
    RETURN (SELECT count(*) FROM books);
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER on_insert AFTER INSERT ON books
BEGIN
    UPDATE totals SET n = CASE WHEN n > 0 THEN n + 1 ELSE 1 END;
    DELETE FROM cache;
END;

CREATE VIEW titles AS SELECT title FROM books;
