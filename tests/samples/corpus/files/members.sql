-- Members of the rowing club and their fees.
CREATE TABLE member (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    joined DATE NOT NULL
);

CREATE INDEX member_joined ON member (joined);

CREATE VIEW owing AS
SELECT m.name, SUM(f.amount) AS debt
FROM member AS m
JOIN fee AS f ON f.member_id = m.id
WHERE f.paid_on IS NULL
GROUP BY m.name;

INSERT INTO member (id, name, joined) VALUES (1, 'Odile Martin; cox', '2011-04-02');
