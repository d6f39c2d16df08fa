//! A dossier holds for as long as anybody asks, and whatever is done to it is told exactly.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod support;

use lancang_alert::feedback::About;
use lancang_alert::words::Language;
use lancang_alert::{Alert, Entry, KeyKind, PublicKey, Signer, Source, dsse, hex};
use lancang_console::audit::{self, Audit};
use lancang_console::dossier::archive::{pack, unpack};
use lancang_console::dossier::{
    ALERTS, CUSTODY, ENVELOPE, FEEDBACK, KEYS, MANIFEST, Made, MakeError, Manifest, PARTS, SUMMARY, Wanted, check, make,
};
use lancang_console::limits::DOSSIER_BYTES_MAX;
use lancang_console::store::{Eyes, Reads, StoreError, Subject, key};
use lancang_record::Timestamp;
use sha2::{Digest as _, Sha256};
use support::{Topics, about, alert, at, campaign, keys, linked, verdict};

type Parts = lancang_console::dossier::archive::Parts;

/// A moment after everything.
fn now() -> Timestamp {
    at(100_000)
}

fn police() -> Source {
    Source { country: "KH".into(), organisation: "police".into(), node: "console-1".into() }
}

/// A console's store and audit log: an incident of two revisions, one that impersonates what the first suspects, a third one that is
/// not meant for Cambodia, and a campaign.
struct Desk {
    folder: tempfile::TempDir,
    alerts: Vec<Alert>,
    campaign: String,
    holders: Vec<String>,
}

impl Desk {
    fn new() -> Self {
        Self::with(|_| ())
    }

    /// One whose second incident, which impersonates, is another one.
    fn with(change: impl FnOnce(&mut Alert)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut topics = Topics::new(&folder.path().join("console.db"));
        let (mut one, mut two) = (linked(alert(8), 1), linked(alert(11), 1));
        one.entities.truncate(2);
        (one.entities[0].role, one.entities[1].role) = ("suspect".into(), "suspect".into());
        one.entities[1].masked = Some("<b>&amp;</b>".into());
        topics.alert(&one);
        (one.revision, one.sequence, one.message) = (1, one.sequence + 1, "update".into());
        one.published = at(20).to_string();
        topics.alert(&one);
        // Somebody's number, that others were shown: whoever it is of is no suspect.
        two.entities.truncate(2);
        two.entities[0] = one.entities[0].clone();
        two.entities[0].role = "impersonated".into();
        change(&mut two);
        topics.alert(&two);
        topics.say(&verdict(&one, "KH", 2, 30));
        topics.say(&verdict(&one, "VN", 1, 40));
        let joined = campaign(&[&one, &two], 0);
        topics.join(&joined);
        let organisations = ["//KH/police", "//VN/police"].map(str::to_owned).into_iter();
        let holders: Vec<String> =
            organisations.chain([&one.producer, &two.producer, &joined.writer].map(keys::holder)).collect();
        topics.keys(&keys::registry(holders.clone(), at(0)));
        let mut log = Audit::open(&folder.path().join("audit.log"), at(50)).unwrap();
        let about = key(&one.incident_id, &one.producer.uri());
        for (action, about) in [("open", about.as_str()), ("open", "another"), ("dossier", about.as_str())] {
            let (user, action, outcome) = ("sok".to_owned(), action.to_owned(), "done".to_owned());
            let about = Some(about.to_owned());
            log.write(audit::Entry { user, action, outcome, about, ..audit::Entry::default() }, at(60)).unwrap();
        }
        Self { folder, campaign: joined.campaign_id, alerts: vec![one, two], holders }
    }

    fn key(&self, place: usize) -> String {
        key(&self.alerts[place].incident_id, &self.alerts[place].producer.uri())
    }

    fn made(&self, subject: Subject) -> Made {
        self.tried(subject).unwrap()
    }

    fn tried(&self, subject: Subject) -> Result<Made, MakeError> {
        let reads = Reads::open(&self.folder.path().join("console.db"), 1).unwrap();
        let case =
            reads.look(|sight| sight.case(Eyes::of("KH").unwrap(), &subject, DOSSIER_BYTES_MAX)).unwrap().unwrap();
        let wanted = Wanted {
            subject,
            case_reference: "KH-2026-1187".into(),
            languages: [Language::Khmer, Language::English],
            writer: police(),
            person: "Sok <Dara>".into(),
        };
        let (log, signer) = (self.folder.path().join("audit.log"), keys::signer(&police()));
        make(&wanted, &case, &log, &signer, &keys::roots(), at(70))
    }

    /// The registry hears that a key counts no more from a moment on.
    fn revokes(&self, holder: &str, moment: Timestamp) {
        let (revoked_at, reason) = (Some(moment.to_string()), Some("stolen".to_owned()));
        let entry = Entry { version: 2, revoked_at, reason, ..keys::entry(holder, at(0)) };
        let mut topics = Topics::new(&self.folder.path().join("console.db"));
        let mut registry = keys::registry(self.holders.iter().cloned(), at(0));
        registry.learn(&keys::vouched(&entry)).unwrap();
        topics.keys(&registry);
    }

    fn parts(&self) -> Parts {
        unpack(&self.made(Subject::Incident(self.key(0))).bytes).unwrap()
    }
}

/// What is wrong with a dossier, by words and in words.
fn faults(bytes: &[u8], roots: &[PublicKey], newer: &[Vec<u8>]) -> Vec<(&'static str, String)> {
    check(bytes, roots, newer, now()).faults.iter().map(|fault| (fault.as_str(), fault.to_string())).collect()
}

fn kinds(parts: &Parts) -> Vec<&'static str> {
    faults(&pack(parts, at(70)).unwrap(), &keys::roots(), &[]).into_iter().map(|(kind, _)| kind).collect()
}

/// The same dossier with other parts, signed again, as somebody with a key could.
fn signed_again(mut parts: Parts, signer: &Signer, change: impl FnOnce(&mut Manifest)) -> Parts {
    let mut manifest: Manifest = serde_json::from_slice(&parts[MANIFEST]).unwrap();
    for part in &mut manifest.parts {
        let bytes = &parts[&part.name];
        (part.bytes, part.sha256) = (bytes.len() as u64, hex::encode(&Sha256::digest(bytes)));
    }
    change(&mut manifest);
    let text = serde_json::to_vec(&manifest).unwrap();
    parts.insert(ENVELOPE.into(), dsse::detached(signer, dsse::DOSSIER_TYPE, &text));
    parts.insert(MANIFEST.into(), text);
    parts
}

fn changed(parts: &Parts, name: &str, from: &str, to: &str) -> Parts {
    let mut parts = parts.clone();
    let text = String::from_utf8(parts[name].clone()).unwrap();
    assert!(text.contains(from), "no {from} in {name}: {text}");
    parts.insert(name.into(), text.replacen(from, to, 1).into_bytes());
    parts
}

/// What does not fit is refused while it is read, and not when all of it lies in memory.
#[test]
fn a_case_is_not_read_beyond_what_a_dossier_takes() {
    let desk = Desk::new();
    let reads = Reads::open(&desk.folder.path().join("console.db"), 1).unwrap();
    for subject in [Subject::Incident(desk.key(0)), Subject::Campaign(desk.campaign.clone())] {
        let read = |bytes_max| reads.look(|sight| sight.case(Eyes::of("KH").unwrap(), &subject, bytes_max));
        let case = read(DOSSIER_BYTES_MAX).unwrap().unwrap();
        let messages = case.alerts.iter().chain(&case.feedback).chain(&case.campaign);
        let bytes: usize = messages.map(|message| message.value.len() + message.dsse.len()).sum();
        assert_eq!(read(bytes).unwrap().as_ref(), Some(&case));
        let refused = read(bytes - 1).unwrap_err();
        assert!(matches!(refused, StoreError::Large { .. }), "{refused}");
        assert!(refused.to_string().contains("make one of each incident"), "{refused}");
    }
}

#[test]
fn a_dossier_holds_and_says_what_it_is_of() {
    let desk = Desk::new();
    let made = desk.made(Subject::Incident(desk.key(0)));
    // Ten years later, when every key has expired.
    for now in [at(70), at(10 * 365 * 86_400)] {
        let checked = check(&made.bytes, &keys::roots(), &[], now);
        assert_eq!(checked.faults, []);
        assert_eq!((checked.alerts, checked.feedback, checked.custody), (2, 2, 2));
        assert_eq!((checked.digest.as_str(), checked.keys.len()), (made.digest.as_str(), 3));
        let state = if now == at(70) { "valid" } else { "expired" };
        assert!(checked.keys.iter().all(|key| key.state == state), "{:?}", checked.keys);
        assert_eq!(checked.signed_by.as_deref(), Some(keys::signer(&police()).id()));
        let manifest = checked.manifest.unwrap();
        assert_eq!((manifest.person.as_str(), manifest.audit.entries), ("Sok <Dara>", 3));
        assert_eq!(manifest.incidents, [about(&desk.alerts[0])]);
    }
    // The values are those of the topic, byte for byte.
    let parts = unpack(&made.bytes).unwrap();
    let lines = String::from_utf8(parts[ALERTS].clone()).unwrap();
    let newest: serde_json::Value = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
    assert_eq!(newest["value"].as_str().unwrap(), serde_json::to_string(&desk.alerts[0]).unwrap());
}

#[test]
fn a_campaign_has_all_of_its_incidents_and_impersonated_numbers_are_no_suspects() {
    let desk = Desk::new();
    let made = desk.made(Subject::Campaign(desk.campaign.clone()));
    let checked = check(&made.bytes, &keys::roots(), &[], now());
    assert_eq!((checked.faults, checked.alerts, checked.feedback), (vec![], 3, 2));
    let page = String::from_utf8(unpack(&made.bytes).unwrap()[SUMMARY].clone()).unwrap();
    let english = page.split("<section lang=\"en\">").nth(1).unwrap();
    let of = |head: &str| english.split(&format!("<h2>{head}</h2>")).nth(1).unwrap().split("<h2>").next().unwrap();
    let (shown, other) = (&desk.alerts[0].entities[0].token, &desk.alerts[0].entities[1].token);
    assert!(!of("Suspects").contains(shown.as_str()) && of("Suspects").contains(other.as_str()), "{english}");
    assert!(of("Impersonated and victims: no suspects").contains(shown.as_str()), "{english}");
    // The first incident says nothing of it: the other one of the console's database does, which is in no dossier of it.
    let alone = desk.parts();
    let alone = String::from_utf8_lossy(&alone[SUMMARY]).into_owned();
    let english_alone = alone.split("<section lang=\"en\">").nth(1).unwrap();
    let of_alone =
        |head: &str| english_alone.split(&format!("<h2>{head}</h2>")).nth(1).unwrap().split("<h2>").next().unwrap();
    assert!(!of_alone("Suspects").contains(shown.as_str()) && of_alone("Suspects").contains(other.as_str()));
    assert!(of_alone("Impersonated and victims: no suspects").contains(shown.as_str()), "{english_alone}");
    // What may not be seen is no business of this desk: nothing of it shows.
    let hidden = Desk::with(|impersonates| {
        impersonates.producer.country = "VN".into();
        impersonates.handling.recipients = vec!["TH".into()];
    });
    let hidden = String::from_utf8_lossy(&hidden.parts()[SUMMARY]).into_owned();
    let english_hidden = hidden.split("<section lang=\"en\">").nth(1).unwrap();
    assert!(
        english_hidden
            .split("<h2>Suspects</h2>")
            .nth(1)
            .unwrap()
            .split("<h2>")
            .next()
            .unwrap()
            .contains(shown.as_str())
    );
    // Both languages, each text that nobody has reviewed marked; what others wrote is text.
    let khmer = page.split("<section lang=\"km\">").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(khmer.contains("class=\"unreviewed\"") && !english.contains("class=\"unreviewed\""));
    assert!(page.contains("Sok &lt;Dara&gt;") && page.contains("&lt;b&gt;&amp;amp;&lt;/b&gt;"), "{page}");
    assert!(!page.contains("<script") && !page.contains("<b>"));
    let lines = [of("What each country said"), of("Chain of custody"), of("Keys that signed")];
    let expected = ["false positive", "Open the value", "//VN/police"];
    assert!(lines.iter().zip(expected).all(|(text, expected)| text.contains(expected)), "{lines:#?}");
}

/// Every part, changed, taken out or put in another's place.
#[test]
fn what_was_changed_is_told() {
    let parts = Desk::new().parts();
    assert_eq!(kinds(&parts), [""; 0]);
    for name in PARTS {
        let mut other = parts.clone();
        other.get_mut(name).unwrap().push(b'\n');
        let told = faults(&pack(&other, at(70)).unwrap(), &keys::roots(), &[]);
        assert_eq!(told.len(), 1, "{name}: {told:?}");
        assert_eq!(told[0].0, "changed-part");
        assert!(told[0].1.starts_with(&format!("`{name}` was changed: ")), "{}", told[0].1);
        let mut without = parts.clone();
        without.insert(name.into(), Vec::new());
        // That of an incident has no campaign.
        let is_empty = parts[name].is_empty();
        assert_eq!(kinds(&without).contains(&"changed-part"), !is_empty, "{name}");
    }
    assert_eq!(kinds(&changed(&parts, MANIFEST, "KH-2026-1187", "KH-2026-1188")), ["changed-bytes"]);
    assert_eq!(kinds(&changed(&parts, ENVELOPE, "dossier", "alert")), ["form"]);
    let mut none = parts.clone();
    none.insert(MANIFEST.into(), b"{}".to_vec());
    assert_eq!(kinds(&none), ["manifest"]);
}

/// Whoever has the desk's own key can sign what others signed no more than anybody.
#[test]
fn signing_again_makes_nothing_of_it_true() {
    let desk = Desk::new();
    let (parts, own) = (desk.parts(), keys::signer(&police()));
    let again = |parts: Parts| kinds(&signed_again(parts, &own, |_| ()));
    assert_eq!(again(parts.clone()), [""; 0]);
    let told = |parts: Parts| {
        let bytes = pack(&signed_again(parts, &own, |_| ()), at(70)).unwrap();
        faults(&bytes, &keys::roots(), &[]).into_iter().map(|(_, told)| told).collect::<Vec<_>>().join("; ")
    };
    let lighter = changed(&parts, ALERTS, "\\\"severity\\\":", "\\\"severity\\\": ");
    assert_eq!(again(lighter.clone()), ["changed-bytes"]);
    assert!(told(lighter.clone()).starts_with("`alerts.jsonl`, line 1: the signature of key "), "{}", told(lighter));
    assert_eq!(again(changed(&parts, FEEDBACK, "\\\"verdict_id\\\":2", "\\\"verdict_id\\\":1")), ["changed-bytes"]);
    assert_eq!(again(changed(&parts, CUSTODY, "sok", "tep")), ["custody"]);
    assert_eq!(again(changed(&parts, ALERTS, "{\"offset\"", "[\"offset\"")), ["form", "missing-alert"]);
    // A time of receipt long after the key has expired.
    let received = at(20).to_string();
    let late =
        changed(&parts, ALERTS, &format!("\"received\":\"{received}"), "\"received\":\"2099-01-01T00:00:00.000Z");
    assert_eq!(again(late), ["expired-key"]);
    // Another's alert, or none.
    let other = unpack(&desk.made(Subject::Incident(desk.key(1))).bytes).unwrap();
    let mut mixed = parts.clone();
    mixed.get_mut(ALERTS).unwrap().extend_from_slice(&other[ALERTS]);
    let mut keyed = String::from_utf8(parts[KEYS].clone()).unwrap();
    keyed.push_str(std::str::from_utf8(&other[KEYS]).unwrap());
    mixed.insert(KEYS.into(), keyed.into_bytes());
    assert_eq!(again(mixed), ["other-case"]);
    // An empty line is told by its number, and those behind it by no other ones.
    let mut gap = parts.clone();
    gap.get_mut(ALERTS).unwrap().insert(0, b'\n');
    let told = check(&pack(&gap, now()).unwrap(), &keys::roots(), &[], now()).faults;
    assert!(told.iter().any(|fault| fault.to_string().contains(&format!("`{ALERTS}`, line 1:"))), "{told:?}");
    let mut empty = parts.clone();
    empty.insert(ALERTS.into(), Vec::new());
    assert_eq!(again(empty), ["missing-alert"]);
    // Of another subject, and with a part twice.
    let elsewhere = |manifest: &mut Manifest| manifest.subject = Subject::Incident(desk.key(1));
    assert_eq!(kinds(&signed_again(parts.clone(), &own, elsewhere)), ["manifest"]);
    let twice = |manifest: &mut Manifest| manifest.parts.push(manifest.parts[0].clone());
    assert_eq!(kinds(&signed_again(parts.clone(), &own, twice)), ["manifest"]);
    let more = |manifest: &mut Manifest| {
        manifest.incidents.push(About { incident_id: "0".repeat(32), producer: police() });
    };
    assert!(kinds(&signed_again(parts, &own, more)).contains(&"missing-alert"));
}

#[test]
fn a_foreign_key_speaks_for_nobody_else() {
    let desk = Desk::new();
    let parts = desk.parts();
    // One of the registry, of somebody else; one that nobody vouches for; root keys that are others.
    let vietnam = Source { country: "VN".into(), ..police() };
    assert_eq!(kinds(&signed_again(parts.clone(), &keys::signer(&vietnam), |_| ())), ["foreign-source"]);
    let unknown = Signer::new(&keys::key(KeyKind::Signing, "nobody")).unwrap();
    assert_eq!(kinds(&signed_again(parts.clone(), &unknown, |_| ())), ["unknown-key"]);
    let roots = [keys::key(KeyKind::Root, "another root").public().clone()];
    let told = faults(&pack(&parts, at(70)).unwrap(), &roots, &[]);
    assert!(told[0].0 == "registry" && told[0].1.contains("no signature by a configured root key"), "{told:?}");
    assert!(told.iter().any(|(kind, _)| *kind == "unknown-key"), "{told:?}");
    // An entry for a key of one's own, which no root key has signed.
    let mut forged = parts.clone();
    let entry = keys::entry("//KH/police", at(0)).signed(&Signer::new(&keys::key(KeyKind::Root, "mine")).unwrap());
    forged.get_mut(KEYS).unwrap().extend_from_slice(&entry);
    let told = kinds(&signed_again(forged, &keys::signer(&police()), |_| ()));
    assert_eq!(told, ["registry"]);
}

/// A newer registry knows more: a key that was rotated signed what it signed; one that was revoked, what it signed before.
#[test]
fn rotated_and_revoked_keys_count_for_what_they_signed_before() {
    let desk = Desk::new();
    let bytes = desk.made(Subject::Incident(desk.key(0))).bytes;
    let carrier = keys::holder(&desk.alerts[0].producer);
    let told = |holder: &str, change: &dyn Fn(&mut Entry)| {
        let mut entry = Entry { version: 2, ..keys::entry(holder, at(0)) };
        change(&mut entry);
        let checked = check(&bytes, &keys::roots(), &[keys::vouched(&entry)], now());
        let state = checked.keys.iter().find(|key| key.key_id == entry.key_id).map(|key| key.state);
        let faults: Vec<_> = checked.faults.iter().map(lancang_console::dossier::Fault::as_str).collect();
        (state, faults)
    };
    let revoked = |moment: Timestamp| {
        move |entry: &mut Entry| (entry.revoked_at, entry.reason) = (Some(moment.to_string()), Some("stolen".into()))
    };
    // Rotated: the old key's end was set to a week after the new one began.
    let rotated = |entry: &mut Entry| entry.valid_until = at(25).to_string();
    assert_eq!(told(&carrier, &rotated), (Some("expired"), vec![]));
    assert_eq!(told(&carrier, &revoked(at(25))), (Some("revoked"), vec![]));
    assert_eq!(told(&carrier, &revoked(at(15))).1, ["revoked-key"], "the second revision was signed after it");
    assert_eq!(told(&carrier, &revoked(at(5))).1, ["revoked-key", "revoked-key", "missing-alert"]);
    // The desk's own key: the dossier was made at 70.
    assert_eq!(told("//KH/police", &revoked(at(80))), (Some("revoked"), vec![]));
    assert_eq!(told("//KH/police", &revoked(at(65))).1, ["revoked-key"]);
    assert_eq!(told("//KH/police", &revoked(at(10))).1.len(), 2, "its verdict, and the dossier");
    let check = check(
        &bytes,
        &keys::roots(),
        &[keys::vouched(&{
            let mut entry = Entry { version: 2, ..keys::entry(&carrier, at(0)) };
            revoked(at(15))(&mut entry);
            entry
        })],
        now(),
    );
    let said = check.faults[0].to_string();
    assert!(
        said.contains("`alerts.jsonl`, line 2: key ") && said.ends_with("was revoked when the message was published"),
        "{said}"
    );
    assert!(desk.holders.len() >= 4);
}

/// A key that is revoked for the past takes with it what it signed since, and nothing else; whoever checks with the newest registry finds
/// nothing wrong with what is made.
#[test]
fn what_is_believed_no_more_keeps_nobody_from_making_one() {
    let made = |holder: &dyn Fn(&Desk) -> String, moment: i64, subject: &dyn Fn(&Desk) -> Subject| {
        let desk = Desk::new();
        desk.revokes(&holder(&desk), at(moment));
        let made = desk.tried(subject(&desk))?;
        let checked = check(&made.bytes, &keys::roots(), &[], now());
        assert!(checked.faults.is_empty(), "{:?}", checked.faults);
        let manifest = checked.manifest.unwrap();
        assert_eq!(manifest.unbelieved, made.unbelieved);
        let parts = unpack(&made.bytes).unwrap();
        let summary = String::from_utf8_lossy(&parts[SUMMARY]).into_owned();
        assert_eq!(summary.contains("a key was revoked for the time"), made.unbelieved > 0);
        Ok::<_, MakeError>((checked.alerts, checked.feedback, manifest.left_out, made.unbelieved))
    };
    let one = |desk: &Desk| Subject::Incident(desk.key(0));
    let campaign = |desk: &Desk| Subject::Campaign(desk.campaign.clone());
    let carrier = |desk: &Desk| keys::holder(&desk.alerts[0].producer);
    let vietnam = |_: &Desk| "//VN/police".to_owned();
    assert_eq!(made(&vietnam, 50, &one).unwrap(), (2, 2, 0, 0), "what it said before counts");
    assert_eq!(made(&vietnam, 35, &one).unwrap(), (2, 1, 0, 1), "its verdict");
    assert_eq!(made(&carrier, 15, &one).unwrap(), (1, 2, 0, 1), "the second revision");
    let lapsed = made(&carrier, 5, &one).unwrap_err();
    assert!(matches!(&lapsed, MakeError::Lapsed(_)) && lapsed.to_string().contains("was revoked"), "{lapsed}");
    // Of a campaign an incident is left out with what was said of it, and the topic's message holds without it.
    let (alerts, feedback, left_out, unbelieved) = made(&carrier, 5, &campaign).unwrap();
    assert_eq!((alerts, feedback, left_out, unbelieved), (1, 0, 1, 2));
}

/// An alert that is shared with more countries later: what was said before is for those who were told it then.
#[test]
fn revisions_are_for_those_whom_they_were_meant_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("console.db");
    let mut topics = Topics::new(&path);
    let mut one = alert(8);
    let all = one.handling.recipients.clone();
    one.handling.recipients = vec![one.producer.country.clone(), "TH".into()];
    topics.alert(&one);
    (one.revision, one.sequence, one.message) = (1, one.sequence + 1, "update".into());
    one.handling.recipients = all;
    topics.alert(&one);
    (one.revision, one.sequence) = (2, one.sequence + 1);
    topics.alert(&one);
    let reads = Reads::open(&path, 1).unwrap();
    let wanted = key(&one.incident_id, &one.producer.uri());
    let seen = |country: &str| {
        let eyes = Eyes::of(country).unwrap();
        reads
            .look(|sight| {
                let found = sight.find(eyes, &wanted)?.unwrap();
                let told = sight.told(eyes, &found, &now().to_string())?;
                let revisions: Vec<u64> = told["revisions"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|told| told["revision"].as_u64().unwrap())
                    .collect();
                let case = sight.case(eyes, &Subject::Incident(wanted.clone()), DOSSIER_BYTES_MAX)?.unwrap();
                Ok::<_, StoreError>((revisions, case.alerts.len()))
            })
            .unwrap()
    };
    assert_eq!(seen("TH"), (vec![0, 1, 2], 3));
    let other = ["KH", "VN", "LA"].into_iter().find(|country| *country != one.producer.country).unwrap();
    assert_eq!(seen(other), (vec![1, 2], 2));
}

/// An operation that was in a case by a lapsed incident alone goes with it; one about another incident stays, with its words.
#[test]
fn an_operation_about_nothing_that_is_left_goes_with_its_incident() {
    let made = |of: usize, moment: i64| {
        let desk = Desk::new();
        let lead = Source { country: "VN".into(), organisation: "police".into(), node: "a".into() };
        let operation = lancang_alert::feedback::Operation {
            title: "call centres on the river".into(),
            incidents: vec![about(&desk.alerts[of])],
            campaigns: Vec::new(),
            invited: vec!["KH".into()],
            lead: lead.clone(),
            day: None,
        };
        let begun = lancang_alert::Feedback::begin("operation", lead, at(10), None);
        let said = lancang_alert::Feedback { operation: Some(operation), ..begun };
        Topics::at(&desk.folder.path().join("console.db"), [0, 10, 0]).say(&support::believed(said));
        desk.revokes(&keys::holder(&desk.alerts[0].producer), at(moment));
        let made = desk.tried(Subject::Campaign(desk.campaign.clone())).unwrap();
        let checked = check(&made.bytes, &keys::roots(), &[], now());
        assert!(checked.faults.is_empty(), "{:?}", checked.faults);
        let manifest = checked.manifest.unwrap();
        (manifest.incidents.len(), manifest.operations.len(), checked.feedback)
    };
    assert_eq!(made(0, 90), (2, 1, 3), "nothing lapsed: two verdicts, and the proposal");
    assert_eq!(made(0, 5), (1, 0, 0), "its incident lapsed");
    assert_eq!(made(1, 5), (1, 1, 1), "the other one is there");
}
