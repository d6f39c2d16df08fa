-- What the console keeps of the exchange's topics. A cache: another version of it is thrown away and read anew.

CREATE TABLE places (topic TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;

-- Producers (`//KH/mekong-mobile/pp-1`) and patterns, as small numbers.
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

-- What lists are filtered by. `place` is the offset of the newest revision, `said` that of the newest feedback, `countries` and
-- `visible` are sets of countries, a bit each; `shown` is for whom any revision was.
CREATE TABLE incidents (
    id INTEGER PRIMARY KEY, incident_id TEXT NOT NULL, source INTEGER NOT NULL, place INTEGER NOT NULL, said INTEGER NOT NULL,
    pattern INTEGER NOT NULL, severity INTEGER NOT NULL, state INTEGER NOT NULL, countries INTEGER NOT NULL,
    visible INTEGER NOT NULL, published INTEGER NOT NULL, retain_until INTEGER NOT NULL, revision INTEGER NOT NULL,
    shown INTEGER NOT NULL, UNIQUE (incident_id, source)
);
CREATE INDEX incidents_newest ON incidents (place, source, pattern, severity, state, countries, visible, published);
CREATE INDEX incidents_source ON incidents (source, place, pattern, severity, state, countries, visible, published);
CREATE INDEX incidents_pattern ON incidents (pattern, place, source, severity, state, countries, visible, published);
CREATE INDEX incidents_said ON incidents (said) WHERE said >= 0;
CREATE INDEX incidents_retained ON incidents (retain_until);

-- What is shown of them: a row of the list, and the alert as it was signed.
CREATE TABLE bodies (
    incident INTEGER PRIMARY KEY, line TEXT NOT NULL, alert BLOB NOT NULL, key_id TEXT NOT NULL, envelope BLOB NOT NULL,
    received INTEGER NOT NULL
);
-- Alerts of the revisions before the newest, as they were signed, and whom each was meant for: a dossier has all that its country may see.
CREATE TABLE earlier (
    incident INTEGER NOT NULL, revision INTEGER NOT NULL, place INTEGER NOT NULL, alert BLOB NOT NULL, envelope BLOB NOT NULL,
    received INTEGER NOT NULL, visible INTEGER NOT NULL, PRIMARY KEY (incident, revision)
);
-- Entries of the key registry, as a root key signed them: the newest of each key (0), and its earliest revocation (1).
CREATE TABLE keys (key_id TEXT NOT NULL, part INTEGER NOT NULL, envelope BLOB NOT NULL, PRIMARY KEY (key_id, part)) WITHOUT ROWID;
CREATE TABLE revisions (
    incident INTEGER NOT NULL, revision INTEGER NOT NULL, told TEXT NOT NULL, visible INTEGER NOT NULL,
    PRIMARY KEY (incident, revision)
) WITHOUT ROWID;
-- By what incidents are found: tokens, masks, clear values that everybody may see.
CREATE TABLE terms (term TEXT NOT NULL, incident INTEGER NOT NULL, PRIMARY KEY (term, incident)) WITHOUT ROWID;
-- Tokens of whoever is impersonated, or a victim: a dossier names none of them as a suspect.
CREATE TABLE innocent (token TEXT NOT NULL, incident INTEGER NOT NULL, PRIMARY KEY (token, incident)) WITHOUT ROWID;

-- Incidents that went into another one of their source, and goes on there.
CREATE TABLE merged (into_id TEXT NOT NULL, source INTEGER NOT NULL, incident INTEGER NOT NULL, PRIMARY KEY (into_id, source, incident))
    WITHOUT ROWID;
CREATE INDEX merged_incident ON merged (incident);

-- At a carrier's desk: where the newest line of each home incident lies that went into an incident, by the id that it has abroad.
CREATE TABLE home_lines (
    incident INTEGER NOT NULL, line TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, PRIMARY KEY (incident, line)
) WITHOUT ROWID;
CREATE INDEX home_lines_place ON home_lines (partition, offset);

-- What was said, by whom, as it was signed; and what all of it together says of an incident. `waits`: there is no such incident (yet).
CREATE TABLE statements (
    id TEXT PRIMARY KEY, incident_id TEXT NOT NULL, producer TEXT NOT NULL, published INTEGER NOT NULL, country TEXT NOT NULL,
    organisation TEXT NOT NULL, feedback TEXT NOT NULL, envelope BLOB NOT NULL, received INTEGER NOT NULL, waits INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX statements_waiting ON statements (received) WHERE waits = 1;
CREATE INDEX statements_incident ON statements (incident_id, producer, published);
CREATE INDEX statements_country ON statements (country, published);
CREATE TABLE conclusions (
    incident_id TEXT NOT NULL, producer TEXT NOT NULL, said INTEGER NOT NULL, state TEXT NOT NULL,
    PRIMARY KEY (incident_id, producer)
) WITHOUT ROWID;
-- How far each country is: 1 acknowledged, 2 investigating, 3 joint operation, 4 referred; 5: it disputes.
CREATE TABLE work (country INTEGER NOT NULL, stage INTEGER NOT NULL, incident INTEGER NOT NULL, PRIMARY KEY (incident, country, stage))
    WITHOUT ROWID;
CREATE INDEX work_stage ON work (country, stage, incident);
CREATE TABLE verdicts (
    incident INTEGER NOT NULL, country TEXT NOT NULL, verdict INTEGER NOT NULL, PRIMARY KEY (incident, country)
) WITHOUT ROWID;

-- Joint operations: what all that was said of each makes of it, and of that what lists show; the offset of the newest of it, and when
-- it was proposed, by which country; the messages as they were signed; what each is about.
CREATE TABLE operations (
    operation_id TEXT PRIMARY KEY, place INTEGER NOT NULL, published INTEGER NOT NULL, stage INTEGER NOT NULL,
    countries INTEGER NOT NULL, proposer TEXT NOT NULL, line TEXT NOT NULL, state TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX operations_place ON operations (place);
CREATE TABLE operation_words (
    id TEXT PRIMARY KEY, operation_id TEXT NOT NULL, published INTEGER NOT NULL, feedback TEXT NOT NULL, envelope BLOB NOT NULL,
    received INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX operation_words_of ON operation_words (operation_id, published);
CREATE TABLE operation_incidents (
    incident_id TEXT NOT NULL, producer TEXT NOT NULL, operation_id TEXT NOT NULL,
    PRIMARY KEY (incident_id, producer, operation_id)
) WITHOUT ROWID;
CREATE INDEX operation_incidents_of ON operation_incidents (operation_id);
CREATE TABLE operation_campaigns (
    campaign_id TEXT NOT NULL, operation_id TEXT NOT NULL, PRIMARY KEY (campaign_id, operation_id)
) WITHOUT ROWID;
CREATE INDEX operation_campaigns_of ON operation_campaigns (operation_id);

CREATE TABLE sources (
    source INTEGER PRIMARY KEY, key_id TEXT NOT NULL, last_sequence INTEGER NOT NULL,
    gaps INTEGER NOT NULL, missing INTEGER NOT NULL, last_published INTEGER NOT NULL, heard INTEGER NOT NULL
);
CREATE TABLE heard (
    source INTEGER NOT NULL, visible INTEGER NOT NULL, alerts INTEGER NOT NULL, PRIMARY KEY (source, visible)
) WITHOUT ROWID;
CREATE TABLE refusals (source TEXT NOT NULL, kind TEXT NOT NULL, messages INTEGER NOT NULL, PRIMARY KEY (source, kind)) WITHOUT ROWID;

-- Opened incidents by hour, and by day and place.
CREATE TABLE hours (
    hour INTEGER NOT NULL, pattern INTEGER NOT NULL, country TEXT NOT NULL, visible INTEGER NOT NULL, incidents INTEGER NOT NULL,
    PRIMARY KEY (hour, pattern, country, visible)
) WITHOUT ROWID;
CREATE TABLE spots (
    day INTEGER NOT NULL, country TEXT NOT NULL, admin1 TEXT NOT NULL, latitude REAL NOT NULL, longitude REAL NOT NULL,
    radius_m INTEGER NOT NULL, pattern INTEGER NOT NULL, visible INTEGER NOT NULL, incidents INTEGER NOT NULL,
    PRIMARY KEY (day, country, admin1, latitude, longitude, radius_m, pattern, visible)
) WITHOUT ROWID;
CREATE TABLE victims (
    day INTEGER NOT NULL, country TEXT NOT NULL, visible INTEGER NOT NULL, victims INTEGER NOT NULL,
    PRIMARY KEY (day, country, visible)
) WITHOUT ROWID;

-- Campaigns as the topic has them.
CREATE TABLE campaigns (
    campaign_id TEXT PRIMARY KEY, place INTEGER NOT NULL, is_live INTEGER NOT NULL, published INTEGER NOT NULL,
    retain_until INTEGER NOT NULL, campaign TEXT NOT NULL, envelope BLOB NOT NULL, received INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX campaigns_place ON campaigns (place);
CREATE TABLE members (
    incident_id TEXT NOT NULL, producer TEXT NOT NULL, campaign_id TEXT NOT NULL, PRIMARY KEY (incident_id, producer, campaign_id)
) WITHOUT ROWID;
CREATE INDEX members_campaign ON members (campaign_id);

-- Campaigns as a country sees them, joined of what it may see alone: `place` is the number of the change,
-- `countries` the set of those that its alerts come from, a bit each, `is_merged` whether it went on in another one, `named` the campaign
-- of the topic that most of its alerts belong to, `shared` how many of them do. What lists are filtered by stands in the index: the
-- campaign itself is read of those that are shown.
CREATE TABLE views (
    country INTEGER NOT NULL, campaign_id TEXT NOT NULL, place INTEGER NOT NULL, is_live INTEGER NOT NULL, opened INTEGER NOT NULL,
    published INTEGER NOT NULL, countries INTEGER NOT NULL, is_merged INTEGER NOT NULL, named TEXT, shared INTEGER NOT NULL,
    campaign TEXT NOT NULL, PRIMARY KEY (country, campaign_id)
) WITHOUT ROWID;
CREATE INDEX views_place ON views (country, place, is_live, countries);
CREATE INDEX views_named ON views (country, named, shared);
CREATE TABLE view_members (
    country INTEGER NOT NULL, incident_id TEXT NOT NULL, producer TEXT NOT NULL, campaign_id TEXT NOT NULL,
    PRIMARY KEY (country, incident_id, producer)
) WITHOUT ROWID;
CREATE INDEX view_members_of ON view_members (country, campaign_id);
-- Countries for which that is done.
CREATE TABLE viewers (country INTEGER PRIMARY KEY);
