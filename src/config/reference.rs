//! The keys of a configuration file and what they mean: the source of `docs/reference/configuration.md`.
//!
//! A test reads a file that holds every key listed here, so that the list and the reader cannot drift apart.

struct Key {
    section: &'static str,
    key: &'static str,
    form: &'static str,
    default: &'static str,
    meaning: &'static str,
}

const fn key(
    section: &'static str,
    key: &'static str,
    form: &'static str,
    default: &'static str,
    meaning: &'static str,
) -> Key {
    Key { section, key, form, default, meaning }
}

#[rustfmt::skip]
const KEYS: &[Key] = &[
    key("operators", "country", "two letters", "required", "Country of the network, ISO 3166-1 alpha-2."),
    key("operators", "organisation", "name", "required", "Short name of the operator, part of the alerts' source."),
    key("operators", "node", "name", "required", "Name of this installation, part of the alerts' source."),
    key("operators", "own", "list of texts", "required", "Beginnings of the operator's own numbers, such as `+85512`."),
    key("operators", "signing_key_file", "path", "the relay's", "File of mode 0600 with the key that this operator's alerts are signed with, where an installation has operators of several countries: a key signs for its own holder alone. This, `signing_key_env` or `signing_key_command`."),
    key("operators", "signing_key_env", "text", "none", "Environment variable with that key."),
    key("operators", "signing_key_command", "list of texts", "none", "Program and arguments whose standard output is that key."),
    key("kafka", "bootstrap", "text", "required", "Brokers of the home cluster, `host:port,host:port`."),
    key("kafka", "instance", "name", "`lancang`", "Stable name of this process; transactional ids are made from it, so two processes never share one. `--instance` says another where they share a file."),
    key("kafka", "static_member", "boolean", "`false`", "Whether the process is a static member of its groups (it does not leave on SIGTERM)."),
    key("kafka.options", "*", "text", "", "Further client options by librdkafka's names (`security.protocol`, `ssl.ca.location` …). A secret is given as `NAME_file` with the path of a file, or as `NAME_env` with the name of a variable."),
    key("exchange", "bootstrap", "text", "required", "Brokers of the exchange cluster. Without this section the home cluster serves as the exchange."),
    key("exchange", "instance", "name", "`lancang`", "As in `kafka`."),
    key("exchange", "static_member", "boolean", "`false`", "As in `kafka`."),
    key("exchange.options", "*", "text", "", "As in `kafka.options`."),
    key("topics", "partitions", "1 to 4096", "`8`", "Partitions of the records log and of the partials; fixed for the life of the topics."),
    key("topics", "replication", "1 to 9", "the cluster's", "Replication factor of topics that are made."),
    key("topics", "create", "boolean", "`false`", "Whether missing topics are made."),
    key("topics", "records", "name", "`lancang.records.v1`", "The records log."),
    key("topics", "partials", "name", "`lancang.partials.v1`", "Partial panes."),
    key("topics", "incidents", "name", "`lancang.incidents.v1`", "Incidents, with clear identifiers."),
    key("topics", "shadow", "name", "`lancang.shadow.v1`", "Incidents of patterns in shadow, with clear identifiers; the relay never reads it."),
    key("topics", "evidence_retention", "time", "not said", "How long the records log and the incidents are kept (`retention.ms`, by `lancang topics apply` and where the topics are made), so that the records behind an alert can be fetched; alerts say until when (`evidence.kept_until`). At least `21d`: an alert may be acted upon for 7 days, and a preservation or a hold lasts up to 14. Where it is not said alerts promise nothing, and brokers keep what they keep of any topic, by default 7 days."),
    key("topics", "shadow_retention", "time", "`30d`", "How long they are kept, where the topic is made (`retention.ms`)."),
    key("topics", "late", "name", "`lancang.late.v1`", "Late records."),
    key("topics", "dead_letter", "name", "`lancang.dead-letter.v1`", "What could not be read."),
    key("topics", "outbox", "name", "`lancang.outbox.v1`", "Alerts on their way to the exchange; never let go of (`retention.ms=-1`): the relay knows from it what was shared."),
    key("topics", "warnings_outbox", "name", "`lancang.warnings-outbox.v1`", "Warnings of victims on their way to their carriers, sealed; kept for 7 days, where the topic is made."),
    key("topics", "alerts", "name", "`lancang.alerts.v1`", "Shared alerts, on the exchange."),
    key("topics", "keys", "name", "`lancang.keys.v1`", "The key registry, on the exchange; compacted."),
    key("topics", "feedback", "name", "`lancang.feedback.v1`", "What is said of alerts, on the exchange."),
    key("topics", "feedback_home", "name", "`lancang.feedback-home.v1`", "What the courier brought home of it, byte for byte; the relay reads it from its beginning."),
    key("feeds", "name", "name", "required", "Name of the feed in metrics and errors."),
    key("feeds", "topics", "list of texts", "required", "Topics to read."),
    key("feeds", "class", "`stream`, `files`, `roaming`, `reference`", "`stream`", "Sets the allowed lateness; classes share no watermark. `reference`: what the operator's books say of subscribers (a compacted topic); it has no time and takes effect at its place in the records log."),
    key("feeds", "lateness", "time", "60 s, 45 min, 6 h by class", "Allowed lateness where the class's is not right."),
    key("feeds", "format", "`json`, `csv`, `frame`", "`json`", "Form of a message."),
    key("feeds", "mapping", "path", "none", "Mapping file; required for `csv`."),
    key("feeds", "operator", "name", "the only one", "`organisation` of the operator whose feed this is."),
    key("feeds", "content", "`refused`, `allowed`", "`refused`", "Whether SMS text may be read."),
    key("feeds", "legal_reference", "text", "none", "The legal reference under which it may; required for `allowed`."),
    key("feeds", "mobility", "boolean", "`false`", "Whether this feed carries the mobility records of its class."),
    key("feeds", "idle", "time", "`30s`", "An input whose end was reached and that was silent for this long no longer holds back the watermark. Coming back up to two hours behind it finds all windows whole, later without their far end."),
    key("feeds", "file_header", "name", "none", "Header of a message that names its file, such as `MSC5_20251114_000123.csv`: numbers that a switch skips are counted. All files of a switch must come in one partition."),
    key("feeds", "bad_share_max", "0 to 1", "`0.5`", "Share of bad records at which the run stops."),
    key("intake", "group", "name", "`lancang-intake`", "Consumer group."),
    key("intake", "workers", "1 to 256", "`1`", "Reading threads."),
    key("intake", "commit", "time", "`100ms`", "Time between commits."),
    key("intake", "announce", "time", "`1h`", "Time between two announcements of the pack in force to the records log; less than half of its retention, so that what retention leaves names a pack."),
    key("score", "group", "name", "`lancang-score`", "Consumer group."),
    key("score", "workers", "1 to 256", "`1`", "Worker threads; one per core that scoring may use."),
    key("score", "commit", "time", "`100ms`", "Time between commits."),
    key("score", "snapshot", "time", "`60s`", "Time between snapshots of a task."),
    key("score", "entities_max", "number", "`20000000`", "Most entities of one type that a task keeps; beyond it those with the least evidence go, counted. Also the most subscribers of whom a profile is kept; beyond it numbers seen once and in no book go, then those seen the longest ago, counted."),
    key("score", "interval_bytes", "1 to 33554432", "`4194304`", "Most bytes that one transaction writes; what a border closes beyond it leaves in further ones."),
    key("score", "interval_messages", "1 to 50000", "`10000`", "Most messages that one transaction writes."),
    key("score", "pair_memory_mib", "1 to 65536", "`64`", "Size of a task's memory of contacts, taken only where a pattern asks for them: 196,608 pairs in 15 days a MiB, with which 3.2 % of first contacts are hidden. A change begins the memory anew."),
    key("score", "align", "time", "`15m`", "How far a record task may be ahead of the slowest, in event time, before it waits: what it closes lies in memory until all have closed it. At least a minute."),
    key("relay", "group", "name", "`lancang-relay`", "Consumer group."),
    key("relay", "signing_key_file", "path", "none", "File of mode 0600 with the key that alerts are signed with (`lancang keys new --kind signing`); this, `signing_key_env` or `signing_key_command`."),
    key("relay", "signing_key_env", "text", "none", "Environment variable with that key."),
    key("relay", "signing_key_command", "list of texts", "none", "Program and arguments whose standard output is that key; no shell, 30 s."),
    key("relay", "policy", "path", "the table that ships", "Policy table: what of an alert leaves, in which form, and for whom."),
    key("relay", "registry", "path", "none", "Keys of the registry in a file (`lancang keys show --save`): whom values are sealed for. A relay never reads the exchange. Without it nothing is sealed."),
    key("relay", "portability", "path", "none", "Portability table, CSV with the header `number,carrier`: a number that was carried over (`+85512345678,//KH/mekong-mobile`) or a range (`+85512*,//KH/mekong-mobile`); the longest row that fits decides, and `operators.own` are ranges besides. A victim's current carrier alone is told the number; alerts name the range's holder. Read anew on SIGHUP."),
    key("relay", "crowds", "path", "none", "How many own subscribers share a mask, a type of device, a place and an hour, as `lancang crowds` counts them: what the policy's `k_min` asks for. Without it no type of a device and no place finer than a country leaves. Read anew on SIGHUP."),
    key("relay", "epoch_overlap", "time", "`7d`", "How long the token of the epoch before is published with that of the new one."),
    key("relay", "budget_per_hour", "1 to 1000000", "`1000`", "Incidents that one pattern may open abroad per hour of event time, for each operator. What is beyond it stays at home, counted, and is tried again with its next update; what was shared is always updated and closed."),
    key("relay", "checkpoint_alerts", "1 to 10000000", "`100000`", "Alerts after which the relay keeps in the store what its outbox says, besides when it stops: a start reads the outbox from there on. A lower number makes a start after a crash shorter, and stops the relay for as long as a checkpoint takes to make (`benches/RESULTS.md`) more often."),
    key("relay", "warning_retry", "time", "`15m`", "How long a warning of victims is tried again that its carrier's topic on the exchange refuses (it is missing, not ours to write, or the message is too long); then it is given up and counted. Those of other carriers go on meanwhile. A relay that begins anew sends again what was read since the first that is held."),
    key("relay.budgets", "*", "0 to 1000000", "`budget_per_hour`", "The same of one pattern, by its id, such as `sim-box-burst = 50`; with 0 it shares nothing new."),
    key("relay.epochs", "id", "name", "required", "Id of the epoch's key, published with each token: by rule the month, such as `2026-12`."),
    key("relay.epochs", "from", "time of RFC 3339", "ever since", "When its tokens begin; all countries change at this moment. Only the first needs none."),
    key("relay.epochs", "key_file", "path", "none", "File of mode 0600 with the epoch's key, hexadecimal; this, `key_env` or `key_command`."),
    key("relay.epochs", "key_env", "text", "none", "Environment variable with that key."),
    key("relay.epochs", "key_command", "list of texts", "none", "Program and arguments whose standard output is that key."),
    key("courier", "group", "name", "`ORGANISATION.courier`", "Consumer group on the exchange, where rights to groups go by the carrier's name. `lancang courier` has a file of its own: one that has `[relay]` too is refused, because who can use the epoch key reads nothing that is shared. It needs `[exchange]` and `[keys]`, and no feeds."),
    key("console", "listen", "address", "`127.0.0.1:8600`", "Where the pages are. An address that others can reach takes TLS."),
    key("console", "country", "two letters", "required", "Whose console it is, ISO 3166-1 alpha-2: what nobody in particular sees, and whose users may speak for it. `lancang console` has a file of its own (config/console.toml): one that has `[relay]` too is refused, because who can use the epoch key reads nothing that is shared."),
    key("console", "folder", "path", "`console`", "Its database (`console.db`: a cache of the topics), its users (`users.json`, mode 0600) and its audit log (`audit.log`)."),
    key("console", "writer", "source", "none", "As whom something is said, such as `//KH/cyber-police/console-1`, below the holder of the signing key. Without it nothing can be said from here."),
    key("console", "signing_key_file", "path", "none", "File of mode 0600 with the key that signs what is said; this, `signing_key_env` or `signing_key_command`."),
    key("console", "signing_key_env", "text", "none", "Environment variable with that key."),
    key("console", "signing_key_command", "list of texts", "none", "Program and arguments whose standard output is that key."),
    key("console", "sealing_key_files", "list of texts", "none", "Files of mode 0600 with keys that open what is sealed for the country (`lancang keys new --kind sealing`): each opening is an entry of the audit log, with a case."),
    key("console", "tls_certificate", "path", "none", "Certificate and those between it and the authority, PEM, the server's first. TLS 1.2 and 1.3."),
    key("console", "tls_key_file", "path", "none", "File of mode 0600 with its key, PEM; this, `tls_key_env` or `tls_key_command`."),
    key("console", "tls_key_env", "text", "none", "Environment variable with that key."),
    key("console", "tls_key_command", "list of texts", "none", "Program and arguments whose standard output is that key."),
    key("console", "open", "boolean", "`false`", "Whether whoever is at this machine may look without signing in; nothing can be said or opened so. Only with an address of this machine alone."),
    key("console", "session", "time", "`8h`", "How long somebody stays signed in. A restart signs everybody out."),
    key("console", "connections_per_network", "8 to 1024", "`64`", "Most connections of one network at once (an IPv4 address, or 64 bits of an IPv6 one); a further one is cut off, counted. Each page that is open holds one, and a browser up to six: an office of 40 behind one address takes 256. In all there are 1024."),
    key("console", "incidents_max", "1000 to 10000000", "`1000000`", "Most incidents that are kept; beyond it those that were changed the longest ago go, counted. Some 4 KB each."),
    key("console.oidc", "title", "text", "the issuer's host", "What the page calls the provider. With this section whom an OpenID Connect provider vouches for signs in beside users of `users.json` (docs/console.md)."),
    key("console.oidc", "issuer", "address", "required", "The provider, exactly as its tokens name it: what it says of itself is below, at `/.well-known/openid-configuration`. https://, or http:// on this machine."),
    key("console.oidc", "client_id", "text", "required", "As what the provider knows this console."),
    key("console.oidc", "client_secret_file", "path", "none", "File of mode 0600 with what the console shows the provider; this, `client_secret_env` or `client_secret_command`. Without one it is a public client; PKCE is used in either case."),
    key("console.oidc", "client_secret_env", "text", "none", "Environment variable with that secret."),
    key("console.oidc", "client_secret_command", "list of texts", "none", "Program and arguments whose standard output is that secret."),
    key("console.oidc", "address", "address", "required", "The console, as browsers have it, such as `https://console.example:8600`. At the provider `ADDRESS/api/v1/provider/back` is where it may send browsers back to, and `ADDRESS/sign-in` after signing out."),
    key("console.oidc", "scopes", "list of texts", "`profile`", "Scopes that are asked for besides `openid`: those that put the claims below into the ID token."),
    key("console.oidc", "name_claim", "text", "`sub`", "Claim with the name that the audit log has, behind `oidc:`. `sub` is one person's for ever; what a provider lets people change is not."),
    key("console.oidc", "person_claim", "text", "`name`", "Claim with the person's name: what is said under it tells it to everybody."),
    key("console.oidc", "roles_claim", "text", "`groups`", "Claim, a text or a list of texts, that `console.oidc.roles` go by; `realm_access.roles` is one inside of another."),
    key("console.oidc", "authorities", "path", "`/etc/ssl/certs/ca-certificates.crt`", "Certificates of the authorities that vouch for the provider's server, PEM."),
    key("console.oidc.roles", "value", "text", "required", "Whoever has this value of the claim has the role. Without any nobody has one; of several that fit the first of the file counts."),
    key("console.oidc.roles", "role", "`viewer`, `investigator`, `liaison`, `auditor`, `analyst`", "required", "What may be done. `analyst` is one of a carrier's desk, `investigator` and `liaison` are of an agency's console."),
    key("console.oidc.roles", "country", "two letters", "required", "What is seen, ISO 3166-1 alpha-2."),
    key("console.desk", "carrier", "name", "required", "Whose desk it is, as `operators.organisation` has it. With this section the console is a carrier's own desk (docs/desk.md, config/desk.toml): it reads the outbox, the feedback that was brought home and, when a page asks for it, incident lines of the home cluster (`[kafka]`), and nothing of the exchange; `[exchange]` beside it is refused."),
    key("console.desk", "own", "list of texts", "required", "The carrier's number ranges: nobody else is on its list of whom to bar."),
    key("console.desk", "registry", "path", "required", "The key registry in a file, as `lancang keys show --save` wrote it: by it alerts and what was said of them are believed. A changed one is taken up while the console runs."),
    key("keys", "roots", "list of texts", "none", "Public halves of root keys (`lancang-root-public-v1 …`): what they sign in the key registry counts, and nothing else."),
    key("handling", "status", "`actual`, `exercise`, `test`", "`actual`", "What the alerts are: those of an exercise or a test are shown as such and acted upon by nobody."),
    key("handling", "tlp", "`green`, `amber`, `amber+strict`", "`amber`", "FIRST's Traffic Light Protocol 2.0."),
    key("handling", "purpose", "text", "detection and prevention of telecom fraud", "What the alerts may be used for."),
    key("handling", "legal_basis", "text", "none", "Reference to the legal basis on which they are shared."),
    key("handling", "recipients", "list of texts", "the six countries", "Countries that they are meant for, ISO 3166-1 alpha-2."),
    key("handling", "contact", "text", "none", "The desk that answers for them, such as a mail address: shared with every alert."),
    key("handling.confidence", "*", "0 to 100", "none", "`confidence` of one pattern's alerts, by its id, such as `wangiri = 92`: of those that were judged, how many of a hundred turned out true, by the carrier's own books or the verdicts of all. Leave out a pattern of which fewer than 20 were judged: its alerts say nothing then."),
    key("patterns", "folder", "path", "`patterns`", "Folder of pattern files."),
    key("patterns", "lists", "path", "`lists`", "Folder of named lists."),
    key("patterns", "trunks", "path", "none", "Trunk table: `trunk,international,country`."),
    key("patterns", "cells", "path", "none", "Cell table: `cell,latitude,longitude,country,admin1,border`."),
    key("store", "folder", "path", "`state`", "Packs and snapshots, where no `url` says otherwise; audit logs of `lancang tokens` and `evidence` in any case."),
    key("store", "url", "text", "none", "Bucket of an object store that speaks S3, such as `s3://lancang/phnom-penh`: packs and snapshots of several machines. It must refuse to write over an object (`If-None-Match: *`): a start tries it (docs/operations.md)."),
    key("store", "endpoint", "text", "AWS's of the region", "Where it is answered, `https://host:port`; buckets are in the path. `http://` sends what snapshots hold of people in clear."),
    key("store", "region", "name", "`us-east-1`", "What requests are signed for."),
    key("store", "ca", "path", "the system's", "PEM file of the authorities that the endpoint's certificate may be of."),
    key("store", "access_key_file", "path", "none", "File of mode 0600 with the id of the key that requests are signed with; this, `access_key_env` or `access_key_command`. Read anew every 5 minutes, as the key itself is."),
    key("store", "access_key_env", "text", "none", "Environment variable with that id."),
    key("store", "access_key_command", "list of texts", "none", "Program and arguments whose standard output is that id."),
    key("store", "secret_key_file", "path", "none", "File of mode 0600 with the key; this, `secret_key_env` or `secret_key_command`."),
    key("store", "secret_key_env", "text", "none", "Environment variable with it."),
    key("store", "secret_key_command", "list of texts", "none", "Program and arguments whose standard output is it."),
    key("http", "listen", "address", "`127.0.0.1:9600`", "Metrics and health."),
    key("http", "drain_wait", "time", "`0s`", "How long a process that is told to stop goes on working while `/readyz` already fails, so that whoever asks has seen it before the drain begins. A second signal ends the wait."),
];

/// Keys as section, key and meaning.
pub(crate) fn keys() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    KEYS.iter().map(|key| (key.section, key.key, key.meaning))
}

/// Whether a section is a list of tables.
pub(crate) fn is_list(section: &str) -> bool {
    matches!(section, "operators" | "feeds" | "relay.epochs" | "console.oidc.roles")
}

/// `docs/reference/configuration.md`.
#[must_use]
pub fn reference() -> String {
    let mut text = String::from(
        "# Configuration\n\nGenerated from `src/config/reference.rs`; a test fails when this page is stale. Paths are \
         relative to the folder of the file. Times are `500ms`, `10s`, `45m`, `6h`, `30d`. A first line `#:schema` with the path of \
         `docs/schema/configuration.json` lets editors complete and check the file.\n",
    );
    let mut section = "";
    for key in KEYS {
        if key.section != section {
            section = key.section;
            let brackets = if is_list(section) { ("[[", "]]") } else { ("[", "]") };
            text.push_str(&format!(
                "\n## `{}{section}{}`\n\n| key | form | default | meaning |\n|---|---|---|---|\n",
                brackets.0, brackets.1
            ));
        }
        text.push_str(&format!("| `{}` | {} | {} | {} |\n", key.key, key.form, key.default, key.meaning));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// A file in which every key of the list stands with a wrong type: each must be refused for its value, none for
    /// its name.
    #[test]
    fn every_listed_key_is_read_and_every_read_key_is_listed() {
        let mut text = String::new();
        let mut section = "";
        for key in KEYS.iter().filter(|key| key.key != "*") {
            if key.section != section {
                section = key.section;
                text.push_str(&if is_list(section) { format!("[[{section}]]\n") } else { format!("[{section}]\n") });
            }
            text.push_str(&format!("{} = {{}}\n", key.key));
        }
        let found = Config::read("all.toml", &text).unwrap_err();
        for key in KEYS.iter().filter(|key| key.key != "*") {
            let name = format!("{}.{}", key.section, key.key);
            let own: Vec<_> = found.iter().filter(|diagnostic| diagnostic.key == name).collect();
            assert!(!own.is_empty(), "{name} is listed and not read");
            assert!(own.iter().all(|diagnostic| diagnostic.message != "unknown key"), "{name} is listed and unknown");
        }
        for diagnostic in found {
            let listed = KEYS.iter().any(|key| format!("{}.{}", key.section, key.key) == diagnostic.key);
            assert!(listed, "{} is read and not listed: {diagnostic}", diagnostic.key);
        }
    }
}
