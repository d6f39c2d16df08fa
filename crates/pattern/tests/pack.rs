//! The shipped pack compiles; mistakes in pattern files are all found, each with its place.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use lancang_pattern::plan::{EntityPlan, EntityType, Mode, PatternGate};
use lancang_pattern::{PackSources, SourceFile};

fn folder(name: &str) -> Vec<SourceFile> {
    let folder = format!("{}/../../config/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let text = std::fs::read_to_string(&path).unwrap();
            files.push(SourceFile { path: path.file_name().unwrap().to_string_lossy().into_owned(), text });
        }
    }
    files
}

fn shipped() -> PackSources {
    PackSources::new(folder("patterns"), folder("lists"))
}

#[test]
fn the_shipped_pack_compiles() {
    let pack = shipped().compile().unwrap_or_else(|mistakes| {
        panic!("{}", mistakes.iter().map(|mistake| format!("{mistake}\n")).collect::<String>())
    });
    let of = |entity: EntityType, id: &str| {
        let plan = pack.plan.local.iter().find(|plan| plan.entity == entity).unwrap();
        (plan, plan.patterns.iter().find(|pattern| pattern.id == id).unwrap())
    };
    let ways = |entity: EntityType, id: &str| -> Vec<Vec<(i64, u32)>> {
        let (plan, pattern) = of(entity, id);
        let counts = |gate: &PatternGate| {
            assert_ne!(plan.layout.gates[gate.place], 0, "{id}: what it counts, not all that the entity does");
            let hours = plan.layout.windows.iter().map(|window| window.length_ms / 3_600_000);
            hours.zip(gate.least.clone()).filter(|(_, least)| *least < u32::MAX).collect()
        };
        pattern.gates.iter().map(counts).collect()
    };
    // A quiet subscriber costs a count: so many events in so many hours, or nothing is judged.
    let by_age = [vec![(1, 12), (24, 60)], vec![(1, 10), (24, 25), (0, 6)]];
    assert_eq!(
        ways(EntityType::Caller, "sim-box-burst"),
        by_age,
        "of all SIMs, of young ones; 0 h is a quarter of one"
    );
    assert_eq!(ways(EntityType::Caller, "grey-route"), [[(1, 50), (6, 60)]]);
    assert_eq!(ways(EntityType::Caller, "robocall-own"), [[(6, 19)]], "short ones");
    assert_eq!(ways(EntityType::Caller, "irsf"), [[(24, 6)], [(1, 8)]]);
    assert_eq!(
        ways(EntityType::Caller, "reported"),
        [[(24, 1)]],
        "one for all reporters: none of theirs asks for more"
    );
    assert_eq!(ways(EntityType::Callee, "otp-bombing"), [[(1, 10), (4, 12)]]);
    assert_eq!(ways(EntityType::Callee, "sim-swap-otp"), [[(24, 1)]]);
    assert_eq!(ways(EntityType::Callee, "forward-hijack"), [[(24, 1)]]);
    assert_eq!(ways(EntityType::Callee, "impersonation"), [[(6, 2)]]);
    assert_eq!(ways(EntityType::Callee, "impersonation-live"), [[(2, 2)]]);
    assert_eq!(ways(EntityType::Callee, "impersonation-begun"), [[(2, 2)]]);
    assert_eq!(ways(EntityType::Callee, "otp-during-call"), [[(2, 1)]], "a call, with which its evidence begins");
    assert_eq!(ways(EntityType::Callee, "otp-live-call"), [[(2, 1)]]);
    assert_eq!(ways(EntityType::Callee, "otp-begun-call"), [[(2, 1)]]);
    assert_eq!(ways(EntityType::Callee, "otp-once-in-call"), [[(2, 1)]]);
    // Of calls, as the feature says behind what all of the pattern's records are asked: with these its evidence begins.
    let of_calls = ["CodeIs(Kind, 0)])", "CodeIs(Kind, 0), CodeIs(Phase, 1)])", "CodeIs(Kind, 0), CodeIs(Phase, 2)])"];
    for id in ["otp-during-call", "otp-live-call", "otp-begun-call", "otp-once-in-call"] {
        let (plan, pattern) = of(EntityType::Callee, id);
        let filter = format!("{:?}", plan.filters[usize::from(plan.layout.gates[pattern.gates[0].place])]);
        assert!(of_calls.iter().any(|calls| filter.ends_with(calls)), "{id}: {filter}");
    }
    let scopes = |id: &str| -> Vec<(EntityType, &str)> {
        let plans = pack.plan.aggregated.iter().filter(|plan| plan.patterns.iter().any(|pattern| pattern.id == id));
        plans.map(|plan| (plan.entity, plan.scope.as_str())).collect()
    };
    assert_eq!(scopes("spoofed-prefix").len(), 5, "a scope for each rule");
    assert!(scopes("spoofed-prefix").iter().all(|(entity, _)| *entity == EntityType::Trunk));
    assert_eq!(scopes("smishing-burst").len(), 2, "templates and domains");
    assert_eq!(scopes("sms-pumping"), [(EntityType::Caller, "")]);
    let shared = |one: &str, other: &str| {
        let holds = |plan: &&EntityPlan, id: &str| plan.patterns.iter().any(|pattern| pattern.id == id);
        pack.plan.aggregated.iter().any(|plan| holds(&plan, one) && holds(&plan, other))
    };
    assert!(shared("wangiri", "flash-call"), "what is kept of a block is kept once");
    assert!(!shared("neighbour-spoof", "spoofed-prefix"));
    let modes = pack.plan.aggregated.iter().flat_map(|plan| &plan.patterns).filter(|one| one.id == "scam-compound");
    assert!(modes.map(|one| one.mode).eq([Mode::Live]));
    assert_eq!(scopes("otp-farm").len(), 2, "devices and cells");
}

#[test]
fn sources_come_back_and_their_order_does_not_matter() {
    let sources = shipped();
    assert_eq!(PackSources::decode(&sources.encode()).unwrap(), sources);
    let mut reversed = folder("patterns");
    reversed.reverse();
    assert_eq!(PackSources::new(reversed, folder("lists")).hash(), sources.hash());
    let mut changed = sources.clone();
    changed.patterns[0].text.push('\n');
    assert_ne!(changed.hash(), sources.hash());
}

const GOOD: &str = r#"id = "p"
version = 1
family = "f"
title = "t"
entity = ["template"]
records = 'kind == "sms" && domain != ""'
send = 'domain != ""'
victims = "callees"
warn = 'callees >= 60'
[features.callees]
aggregate = "distinct"
of = "callee"
window = "10m"
[weights.callees]
points = 100
from = 0
to = 60
"#;

#[test]
fn every_mistake_has_a_place_and_a_word() {
    let compile =
        |text: String| PackSources::new(vec![SourceFile { path: "p.toml".to_owned(), text }], Vec::new()).compile();
    compile(GOOD.to_owned()).unwrap();
    let check = |from: &str, to: &str, expected: &str| {
        assert!(GOOD.contains(from), "{from}");
        let Err(found) = compile(GOOD.replacen(from, to, 1)) else { panic!("{to}: accepted") };
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(shown.iter().any(|line| line.contains(expected)), "{to}: {shown:?}");
    };
    check("family", "famly", "p.toml:3:1: famly: unknown key; did you mean `family`?");
    check("'callees >= 60'", "'calees >= 60'", "p.toml:9:9: warn: unknown feature `calees`; did you mean `callees`?");
    check("[\"template\"]", "[\"templat\"]", "p.toml:5:11: entity: unknown entity `templat`; did you mean `template`?");
    check("of = \"callee\"", "of = \"calee\"", "did you mean `callee`?");
    check("send = 'domain != \"\"'\n", "", "a pattern on an aggregated entity has a send gate");
    check("send = 'domain != \"\"'", "send = 'listed(caller, \"x\")'", "p.toml:7:8: send: not proved to be necessary");
    check("points = 100", "points = 90", "points sum to 90, expected 100");
    check("'callees >= 60'", "'callees >= 0 || callees < 60'", "this condition always holds");
    check(
        "'callees >= 60'",
        "'callees < 0'",
        "p.toml:9:8: warn: `callees < 0` can never hold: `callees` is never below 0",
    );
    check(
        "'callees >= 60'",
        "'callees >= 60'\ncritical = 'callees < 9'\ncertain = 'x'",
        "p.toml:10:12: critical: this condition can never hold: `callees >= 60` and `callees < 9` exclude each other",
    );
    let where_ = |text: &str| format!("of = \"callee\"\nwhere = '{text}'");
    check("of = \"callee\"", &where_("kind == \"voice\""), "features.callees.where: no record can satisfy this");
    check(
        "of = \"callee\"",
        &where_("length > 20 && length < 10"),
        "features.callees.where: no record can satisfy this",
    );
    check("'kind == \"sms\" && ", "'kind == \"sms\" && kind == \"voice\" && ", "records: no record can satisfy this");
    check(
        "kind == \"sms\" && domain != \"\"'",
        "kind == \"sms\" || kind != \"sms\"'",
        "records: every record satisfies this",
    );
    let share = "aggregate = \"share\"\nof = 'kind == \"voice\"'";
    check("aggregate = \"distinct\"\nof = \"callee\"", share, "features.callees.of: no record can satisfy this");
    let share = "aggregate = \"share\"\nof = 'domain == \"x.top\"'";
    check(
        "aggregate = \"distinct\"\nof = \"callee\"",
        share,
        "`callees >= 60` can never hold: `callees` lies between 0 and 1",
    );
    check("window = \"10m\"", "window = \"60d\"", "expected at most 30d");
    let sequence = "aggregate = \"sequence\"\nfirst = 'answered'\nthen = 'kind == \"voice\"'\nwithin = \"1h\"";
    check("aggregate = \"distinct\"\nof = \"callee\"", sequence, "features.callees.then: no record can satisfy this");
    let sequence = "aggregate = \"sequence\"\nfirst = 'answered'\nthen = 'answered'\nwithin = \"31d\"";
    check("aggregate = \"distinct\"\nof = \"callee\"", sequence, "features.callees.within: expected at most 30d");
    // The grid is one for all packs: with a coarser one after a change, nothing would be judged any more.
    check(
        "window = \"10m\"",
        "window = \"90s\"",
        "a pane of 7500 ms (a window through its panes) is no multiple of 5000 ms",
    );
    check("aggregate = \"distinct\"", "aggregate = \"distnct\"", "did you mean `distinct`?");
    check("victims = \"callees\"", "victims = \"calls\"", "unknown feature `calls`");
    check("id = \"p\"", "id = \"q\"", "expected the file's name, `p`");
    check("domain != \"\"'", "domian != \"\"'", "did you mean `domain`?");
}

/// A pack that was in force compiles as it did, though a check that came later would refuse it.
#[test]
fn what_was_in_force_is_not_judged_again() {
    let of = |warn: &str| {
        let text = GOOD.replacen("'callees >= 60'", warn, 1);
        PackSources::new(vec![SourceFile { path: "p.toml".to_owned(), text }], Vec::new())
    };
    let odd = of("'callees >= 60 && callees < 9'");
    assert!(odd.compile().is_err());
    assert_eq!(odd.compile_kept().unwrap().hash, odd.hash());
    let plain = of("'callees >= 60'");
    let (new, kept) = (plain.compile().unwrap(), plain.compile_kept().unwrap());
    assert_eq!(format!("{:?}", new.plan), format!("{:?}", kept.plan));
    assert!(of("'calees >= 60'").compile_kept().is_err());
}

#[test]
fn garbage_is_refused_and_never_panics() {
    let mut text = GOOD.to_owned();
    for position in (0..GOOD.len()).step_by(3) {
        for garbage in ["\"", "[", "'", "\0", "ខ"] {
            text.insert_str(position, garbage);
            let _ = PackSources::new(vec![SourceFile { path: "p.toml".to_owned(), text: text.clone() }], Vec::new())
                .compile();
            text.replace_range(position..position + garbage.len(), "");
        }
    }
}
