//! Readers of what strangers write, on mutated inputs: no panic, and no memory without a bound.
//!
//! `cargo bench -p lancang-alert --bench fuzz -- 10000000 [SEED] [READER]`. An input is a good one with one to eight changes:
//! bits, bytes, words of the form (keys, brackets, numbers at their limits), ranges taken out, doubled, moved over from
//! another good one, and nesting. The same seed makes the same inputs. One input in 512 is signed before it is read, so that
//! what lies behind the signature is read too.

#![allow(clippy::unwrap_used, reason = "a run ends where it unwraps nothing")]

#[path = "../tests/desk/mod.rs"]
mod desk;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use lancang_alert::alert::Alert;
use lancang_alert::dsse::{self, Envelope};
use lancang_alert::feedback::{Feedback, FeedbackMessage, FeedbackVerifier, Fold};
use lancang_alert::policy::{Form, Question, cases};
use lancang_alert::portability::is_organisation;
use lancang_alert::registry::{Entry, Holder, Registry};
use lancang_alert::verify::{Received, Verifier};
use lancang_alert::{
    Budgets, Crowds, Incident, KeyKind, Opener, Outcome, Policy, Portability, PrivateKey, PublicKey, Relay, Signer,
    Source, Warning, warning,
};
use lancang_record::Timestamp;
use lancang_record::number::E164;

/// Longest input, bytes: what is longer is cut.
const INPUT_BYTES_MAX: usize = 64 << 10;
/// Resident memory at the end, MiB.
const RESIDENT_MIB_MAX: u64 = 256;
/// One input in this many is signed.
const SIGNED_EVERY: u64 = 512;

const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "-1",
    "1e400",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "0.1e-400",
    "\u{feff}",
    "ខ្មែរ",
    "//KH",
    "//",
    "..",
    "=",
    "[[rules]]\n",
    "share = []\n",
    "to = \"all\"\n",
    "fields = [\"caller\"]\n",
    "\"\"\"",
    "'",
    "#",
    "\n",
    "\0",
    "\"payload\":",
    "\"sig\":",
    "\"entities\":[",
    "\"published\":\"9999-12-31T23:59:59Z\"",
    "\"victims\":[",
    "+85512*,//KH/mekong\n",
    "*",
    "+",
    ",,,,",
    "\n,,35000001,,,20\n",
    "lancang-root-key-v1 ",
    "ff",
    " ",
];

/// Numbers from a seed (S. Vigna, splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..start + self.below((length - start).min(64) + 1)
    }
}

fn mutate(numbers: &mut Numbers, good: &[Vec<u8>], input: &mut Vec<u8>) {
    input.clear();
    input.extend_from_slice(&good[numbers.below(good.len())]);
    for _ in 0..=numbers.below(8) {
        let length = input.len();
        match numbers.below(9) {
            0 if length > 0 => input[numbers.below(length)] ^= 1 << numbers.below(8),
            1 if length > 0 => input[numbers.below(length)] = numbers.next() as u8,
            2 | 3 => {
                let at = numbers.below(length + 1);
                let word = WORDS[numbers.below(WORDS.len())];
                input.splice(at..at, word.bytes());
            }
            4 => drop(input.drain(numbers.range(length))),
            5 => {
                let range = numbers.range(length);
                let (at, doubled) = (range.end, input[range].to_vec());
                input.splice(at..at, doubled);
            }
            6 => {
                let other = &good[numbers.below(good.len())];
                let (from, to) = (numbers.range(other.len()), numbers.range(length));
                input.splice(to, other[from].iter().copied());
            }
            7 => input.truncate(numbers.below(length + 1)),
            // Rarely: deep nesting is slow to read.
            _ if numbers.below(64) == 0 => {
                let at = numbers.below(length + 1);
                let open = if numbers.below(2) == 0 { b'[' } else { b'{' };
                input.splice(at..at, std::iter::repeat_n(open, 1000));
            }
            _ => {}
        }
    }
    input.truncate(INPUT_BYTES_MAX);
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_764_547_200_000 + ms)
}

const LINE: &str = r#"{"incident_id":"90c9e987e5c8fd9377ece4cb8fde6dae","revision":0,"message":"open","family":"sim-box",
"patterns":["sim-box-burst@1"],"entity":{"type":"caller","value":"+85512345678"},"severity":4,"score":87,
"first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
"reasons":[{"pattern":"sim-box-burst","code":"calls","value":63,"threshold":20}],
"related":[{"type":"device","value":"35693803564380","role":"used"}],"victims":12,"evidence":["a/1"],"home":"KH"}"#;

struct Fuzz {
    registry: Registry,
    signer: Signer,
    root: Signer,
    verifier: Verifier,
    feedback: FeedbackVerifier,
    fold: Fold,
    warnings: warning::Verifier,
    opener: Opener,
    alert: Vec<(&'static str, Vec<u8>)>,
    count: u64,
}

impl Fuzz {
    fn new() -> Self {
        let (root, registry) = (Signer::new(&desk::key(KeyKind::Root, 1)).unwrap(), desk::registry_of(&entries()));
        let (signer, alert) = (desk::signer(7), message().1);
        let (verifier, feedback, fold) = (Verifier::new(), FeedbackVerifier::new(), Fold::default());
        let warning: Warning = serde_json::from_slice(WARNING).unwrap();
        let warnings = warning::Verifier::new(Holder::parse(&warning.to).unwrap());
        let opener = Opener::new(&desk::key(KeyKind::Sealing, 100)).unwrap();
        Self { registry, signer, root, verifier, feedback, fold, warnings, opener, alert, count: 0 }
    }

    fn is_signed(&mut self) -> bool {
        self.count += 1;
        self.count.is_multiple_of(SIGNED_EVERY)
    }

    /// The reader of alerts: the JSON, and now and then the whole message under a signature that fits.
    fn alert(&mut self, input: &[u8]) -> bool {
        let is_read = serde_json::from_slice::<Alert>(input).is_ok();
        if !self.is_signed() {
            return is_read;
        }
        let mut headers = self.alert.clone();
        headers.last_mut().unwrap().1 = dsse::detached(&self.signer, dsse::ALERT_TYPE, input);
        let received = Received { key: b"90c9e987e5c8fd9377ece4cb8fde6dae", value: input, headers: &headers };
        black_box(self.verifier.verify(&self.registry, received, at(0)).is_ok());
        is_read
    }

    /// The reader of feedback: the JSON and what it says; under a signature that fits, the whole message and the fold.
    fn feedback(&mut self, input: &[u8]) -> bool {
        let Ok(feedback) = serde_json::from_slice::<Feedback>(input) else { return false };
        let is_read = feedback.said().is_ok();
        let mut message = FeedbackMessage::of(&feedback, &self.signer);
        if self.is_signed() {
            message.value = input.to_vec();
            message.headers.pop();
            message.headers.push((dsse::HEADER, dsse::detached(&self.signer, dsse::FEEDBACK_TYPE, input)));
        }
        let received = Received { key: &message.key, value: &message.value, headers: &message.headers };
        if let Ok(believed) = self.feedback.verify(&self.registry, received, at(0)) {
            black_box(self.fold.take(&believed));
        }
        is_read
    }

    /// The reader of warnings: the JSON; under a signature that fits, the whole message and what is sealed in it.
    fn warning(&mut self, input: &[u8]) -> bool {
        let Ok(warning) = serde_json::from_slice::<Warning>(input) else { return false };
        let mut message = warning.signed(&self.signer);
        if self.is_signed() {
            message.value = input.to_vec();
            message.headers.pop();
            message.headers.push((dsse::HEADER, dsse::detached(&self.signer, dsse::WARNING_TYPE, input)));
            black_box(warning.open(&mut self.opener).is_ok());
        }
        let received = Received { key: &message.key, value: &message.value, headers: &message.headers };
        black_box(self.warnings.verify(&self.registry, received, at(0)).is_ok());
        true
    }

    /// A portability table: whoever has a number by it is a carrier.
    fn portability(input: &[u8]) -> bool {
        let Ok(table) = Portability::read(String::from_utf8_lossy(input).lines()) else { return false };
        for digits in ["85512000001", "85512000009", "8", "999999999999999"] {
            let number = E164::from_digits(digits).unwrap();
            assert!(table.current(number).is_none_or(is_organisation), "a number whose carrier is none");
            black_box(table.range(number));
        }
        true
    }

    /// Envelopes as they come, and entries of the registry under a signature that fits.
    fn envelope(&mut self, input: &[u8]) -> bool {
        let of_alert = Envelope::read(input, dsse::ALERT_TYPE).is_ok();
        let of_key = Envelope::read(input, dsse::KEY_TYPE).is_ok();
        assert!(!(of_alert && of_key), "an envelope of two types");
        if self.is_signed() {
            black_box(self.registry.learn(&dsse::whole(&self.root, dsse::KEY_TYPE, input)).is_ok());
            black_box(self.registry.learn(input).is_ok());
        }
        of_alert || of_key
    }

    /// A table that is read never lets a subscriber's identifier out.
    fn policy(input: &[u8]) -> bool {
        let Ok(policy) = Policy::read("fuzz.toml", &String::from_utf8_lossy(input)) else { return false };
        for field in ["caller", "callee", "sim", "device", "block"] {
            for role in ["suspect", "used", "impersonated", "victim"] {
                let question = Question { source: "//KH/a/b", field, role };
                let decision = policy.to_all(question);
                assert!(!decision.shares(Form::Clear) && !decision.shares(Form::Sealed), "{field} {role} leaves");
            }
        }
        true
    }

    fn cases(input: &[u8]) -> bool {
        cases::read("fuzz.toml", &String::from_utf8_lossy(input)).is_ok()
    }

    fn key(input: &[u8]) -> bool {
        let text = String::from_utf8_lossy(input);
        black_box(Holder::parse(&text));
        let private = KeyKind::ALL.into_iter().any(|kind| PrivateKey::read(kind, text.to_string()).is_ok());
        PublicKey::read(&text).is_ok() || private
    }

    fn incident(input: &[u8]) -> bool {
        Incident::read(input).is_ok()
    }
}

fn entries() -> Vec<Entry> {
    let holder = Holder::parse("//KH/carrier").unwrap();
    let entry = |kind, byte| Entry::first(desk::key(kind, byte).public(), &holder, at(-1000), at(86_400_000));
    vec![entry(KeyKind::Signing, 7), entry(KeyKind::Sealing, 8)]
}

/// A good alert: its JSON and headers.
fn message() -> (Vec<u8>, Vec<(&'static str, Vec<u8>)>) {
    let source = Source { country: "KH".into(), organisation: "carrier".into(), node: "a".into() };
    let budgets = Budgets { per_hour: 10, of: BTreeMap::new() };
    let mut relay = Relay::new(desk::desk(desk::trust(desk::epochs(None, 0))), [source], budgets, desk::sealer());
    let Outcome::Shared(mut made) = relay.line(LINE.as_bytes(), at(0), at(0)) else { panic!("shared") };
    let (_, message) = made.remove(0);
    (message.value, message.headers)
}

/// Good feedback of the carrier: of each kind one.
fn all_feedback() -> Vec<Vec<u8>> {
    let about = r#""writer":{"country":"KH","organisation":"carrier","node":"a"},"published":"2025-12-01T00:00:00.000Z",
        "incident":{"incident_id":"90c9e987e5c8fd9377ece4cb8fde6dae","producer":{"country":"KH","organisation":"carrier","node":"a"}}"#;
    let token = "0".repeat(32);
    let kinds = [
        r#""kind":"acknowledgement""#.to_owned(),
        r#""kind":"status","status":"referred""#.to_owned(),
        r#""kind":"verdict","verdict":{"verdict_id":1,"verdict":"False Positive"}"#.to_owned(),
        r#""kind":"request","request":{"action":"hold","requester":"a","case_reference":"b","until":"2025-12-02T00:00:00Z"}"#
            .to_owned(),
        format!(r#""kind":"receipt","receipt":{{"of":"{token}{token}","outcome":"refused","reason":"c"}}"#),
        format!(
            r#""kind":"suppression","suppression":{{"pattern":"p","entity":{{"type":"caller","token":"{token}","key_id":"k"}},
            "until":"2025-12-02T00:00:00Z","reason":"d"}}"#
        ),
        r#""kind":"cancel","person":"e","cancel":{"reason":"f"}"#.to_owned(),
    ];
    kinds.map(|kind| format!("{{{kind},{about}}}").into_bytes()).to_vec()
}

const TABLE: &str =
    "[[rules]]\nproducer = \"//KH\"\nfields = [\"caller\", \"sim.victim\"]\nto = \"all\"\nshare = [\"token\"]\n";
const CASE: &str = "[[cases]]\nname = \"a\"\nsource = \"//KH/a/b\"\nfield = \"caller\"\nrole = \"suspect\"\nvalue = \"+1\"\nsees = [\"token\"]\n";

const WARNING: &[u8] = include_bytes!("../tests/golden/warning/open.json");
const PORTED: &str =
    "number,carrier\n+85512*,//KH/mekong\n+85512000009,//KH/angkor\n+6681*,//TH/siam\n+8491*,//VN/none\n";
const CROWDS: &str = "number,network,tac,place,hour,subscribers\n+85510,45606,35000001,11.6/104.9,09,20\n,,35000001,,,20\n+85510,,,KH/phnom-penh,10,25\n";

/// A reader: its name, good inputs, and how it reads.
type Reader = (&'static str, Vec<Vec<u8>>, Box<dyn FnMut(&mut Fuzz, &[u8]) -> bool>);

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn main() {
    // `cargo bench` adds `--bench`.
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with("--"));
    let count: u64 = words.next().map_or(100_000, |word| word.parse().unwrap());
    let seed: u64 = words.next().map_or(1, |word| word.parse().unwrap());
    let only = words.next();
    let root = Signer::new(&desk::key(KeyKind::Root, 1)).unwrap();
    let (value, headers) = message();
    let envelopes = entries().into_iter().map(|entry| entry.signed(&root)).chain([headers.last().unwrap().1.clone()]);
    let keys = KeyKind::ALL.map(|kind| desk::key(kind, 9));
    let keys = keys.iter().flat_map(|key| [key.text().as_bytes().to_vec(), key.public().to_string().into_bytes()]);
    let entry_json = entries().iter().map(|entry| serde_json::to_vec(entry).unwrap()).collect::<Vec<_>>();
    let mut readers: Vec<Reader> = vec![
        ("alert", vec![value], Box::new(Fuzz::alert)),
        ("feedback", all_feedback(), Box::new(Fuzz::feedback)),
        ("envelope", envelopes.chain(entry_json).collect(), Box::new(Fuzz::envelope)),
        ("policy", vec![TABLE.into()], Box::new(|_, input| Fuzz::policy(input))),
        ("cases", vec![CASE.into()], Box::new(|_, input| Fuzz::cases(input))),
        ("key", keys.collect(), Box::new(|_, input| Fuzz::key(input))),
        ("incident", vec![LINE.into()], Box::new(|_, input| Fuzz::incident(input))),
        ("warning", vec![WARNING.to_vec()], Box::new(Fuzz::warning)),
        ("portability", vec![PORTED.into()], Box::new(|_, input| Fuzz::portability(input))),
        ("crowds", vec![CROWDS.into()], Box::new(|_, input| Crowds::read(input).is_ok())),
    ];
    for (name, good, read) in readers.iter_mut().filter(|(name, ..)| only.as_deref().is_none_or(|only| only == *name)) {
        let (mut fuzz, mut numbers, mut input) = (Fuzz::new(), Numbers(seed), Vec::new());
        let (begun, mut taken) = (Instant::now(), 0_u64);
        for _ in 0..count {
            mutate(&mut numbers, good, &mut input);
            taken += u64::from(read(&mut fuzz, &input));
        }
        let resident = resident_mib();
        let (share, took_s) = (taken as f64 / count as f64 * 100.0, begun.elapsed().as_secs_f64());
        println!(
            "{name:<11} {count} inputs of seed {seed}: no panic; {share:.1} % were taken for good; {took_s:.0} s, {resident} MiB"
        );
        assert!(resident <= RESIDENT_MIB_MAX, "{resident} MiB");
    }
}
