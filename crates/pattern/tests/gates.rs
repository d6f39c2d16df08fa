//! A gate may never keep a pattern from holding: against the condition itself, over random conditions and random events.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use lancang_pattern::plan::PatternGate;
use lancang_pattern::{Pack, PackSources, SourceFile};
use lancang_record::Timestamp;
use lancang_record::record::{Direction, Kind, Record};
use lancang_window::{EntityWindows, Gate, Kinds, Room, WindowSpec};
use proptest::prelude::*;

/// Of each kind of aggregate one at least; filters within each other and beside each other; three windows.
const FEATURES: [(&str, &str); 10] = [
    ("calls", "aggregate = \"count\"\nwindow = \"1h\""),
    ("day", "aggregate = \"count\"\nwindow = \"24h\""),
    ("short", "aggregate = \"count\"\nwhere = 'duration_s < 30'\nwindow = \"1h\""),
    ("short_day", "aggregate = \"count\"\nwhere = 'duration_s < 30'\nwindow = \"24h\""),
    ("long", "aggregate = \"count\"\nwhere = 'duration_s >= 30'\nwindow = \"10m\"\npanes = 10"),
    ("cells", "aggregate = \"distinct\"\nof = \"cell\"\nwindow = \"1h\""),
    ("shortest", "aggregate = \"min\"\nof = \"duration_s\"\nwhere = 'duration_s < 30'\nwindow = \"1h\""),
    ("busy", "aggregate = \"busy\"\nwindow = \"1h\""),
    (
        "then",
        "aggregate = \"sequence\"\nfirst = 'duration_s >= 30'\nthen = 'duration_s < 30'\nwithin = \"5m\"\nwindow = \"1h\"",
    ),
    (
        "again",
        "aggregate = \"sequence\"\nfirst = 'duration_s < 30'\nthen = 'duration_s < 30'\nwithin = \"5m\"\nwindow = \"24h\"",
    ),
];

const CELLS: [&str; 4] = ["a", "b", "c", "d"];

fn condition() -> impl Strategy<Value = String> {
    let feature = || (0..FEATURES.len()).prop_map(|feature| FEATURES[feature].0);
    let comparison =
        prop_oneof![8 => Just(">="), 1 => Just(">"), 1 => Just("<"), 1 => Just("<="), 1 => Just("=="), 1 => Just("!=")];
    let atom = prop_oneof![
        3 => (feature(), comparison.clone(), 0_u32..8).prop_map(|(feature, is, limit)| format!("{feature} {is} {limit}")),
        2 => (feature(), comparison, 1_u32..9, feature())
            .prop_map(|(one, is, tenths, other)| format!("{one} {is} {} * {other}", f64::from(tenths) / 4.0)),
    ];
    let atom = prop_oneof![9 => atom, 1 => feature().prop_map(|feature| format!("known({feature})"))];
    atom.prop_recursive(4, 12, 3, |inner| {
        let parts = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            inner.prop_map(|part| format!("!({part})")),
            parts.clone().prop_map(|parts| format!("({})", parts.join(" && "))),
            parts.prop_map(|parts| format!("({})", parts.join(" || "))),
        ]
    })
}

/// Patterns of these conditions on one plan; `None` where one of them can never hold, or always does.
fn pack(conditions: &[String]) -> Option<Pack> {
    let features: String =
        FEATURES.iter().map(|(name, of)| format!("[features.{name}]\n{of}\n")).collect::<Vec<_>>().concat();
    let files = conditions.iter().enumerate().map(|(place, warn)| {
        let text = format!(
            "id = \"p{place}\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"caller\"]\nrecords = 'kind == \"voice\"'\n\
             warn = '{warn}'\n{features}[weights.calls]\npoints = 100\nfrom = 0\nto = 1\n"
        );
        SourceFile { path: format!("p{place}.toml"), text }
    });
    PackSources::new(files.collect(), Vec::new()).compile().ok()
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 8_000, ..ProptestConfig::with_cases(800) })]

    #[test]
    fn what_holds_has_reached_one_of_its_gates(
        conditions in prop::collection::vec(condition(), 1..4),
        events in prop::collection::vec((0_i64..1_500, 0_u64..60), 1..60),
    ) {
        let pack = pack(&conditions);
        prop_assume!(pack.is_some());
        let pack = pack.unwrap();
        let plan = &pack.plan.local[0];
        let (mut kinds, mut windows, mut room) = (Kinds::default(), None::<EntityWindows>, Room::default());
        let (mut at_ms, mut past) = (1_763_078_400_000, Vec::new());
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        for (by_s, duration_s) in events {
            at_ms += by_s * 1_000;
            let mut record = Record::new(Kind::Voice, Timestamp::from_ms(at_ms));
            (record.direction, record.duration_ms) = (Direction::Outgoing, Some(duration_s * 1_000));
            record.cell = CELLS[duration_s as usize % CELLS.len()];
            let passes = plan.passes(&record, &pack.lists);
            past.push((at_ms, passes));
            let event = plan.event(&record, passes, u64::MAX, &mut columns);
            windows.get_or_insert_with(|| EntityWindows::before(&event)).add(&plan.layout, &mut kinds, &event);
            windows.as_ref().unwrap().values(&plan.layout, &kinds, |_| true, &mut room, &mut values);
            for (pattern, condition) in plan.patterns.iter().zip(&conditions) {
                if !pattern.holds_where(|place| values[place]) {
                    continue;
                }
                let reached = pattern.gates.iter().any(|gate| {
                    let filter = plan.layout.gates[gate.place];
                    let count = |window: &WindowSpec| {
                        let pane_ms = window.pane_ms();
                        let first_ms = (at_ms.div_euclid(pane_ms) + 1 - i64::from(window.panes)) * pane_ms;
                        past.iter().filter(|(at_ms, passes)| *at_ms >= first_ms && passes >> filter & 1 == 1).count() as u32
                    };
                    let counts: Vec<u32> = plan.layout.windows.iter().map(count).collect();
                    Gate::of(&counts, &gate.least).0 == Gate::Reached
                });
                prop_assert!(reached, "{}: {:?}", condition, pattern.gates);
            }
        }
    }
}

/// Minutes and events of each gate of a condition.
fn gates(condition: &str) -> Vec<Vec<(i64, u32)>> {
    let pack = pack(&[condition.to_owned()]).unwrap_or_else(|| panic!("{condition} can hold and can fail"));
    let plan = &pack.plan.local[0];
    let minutes = |gate: &PatternGate| {
        let windows = plan.layout.windows.iter().map(|window| window.length_ms / 60_000).zip(gate.least.clone());
        windows.filter(|(_, least)| *least < u32::MAX).collect()
    };
    plan.patterns[0].gates.iter().map(minutes).collect()
}

#[test]
fn ways_have_gates_of_their_own_where_these_ask_for_more() {
    assert_eq!(gates("calls >= 20 || short >= 12"), [[(60, 20)], [(60, 12)]]);
    assert_eq!(gates("calls >= 20 || long >= 12 || day >= 60"), [vec![(60, 20), (1_440, 60)], vec![(10, 12)]]);
    assert_eq!(gates("calls >= 12 || short >= 12"), [[(60, 12)]], "none asks for more than twelve of all");
    assert_eq!(
        gates("calls >= 30 || calls >= 20 && short >= 3"),
        [[(60, 20)]],
        "nobody knows how seldom short ones are"
    );
    assert_eq!(gates("short >= 6 && (known(shortest) || day >= 8)"), [[(60, 6)]], "what meets the one meets the other");
    assert_eq!(gates("calls >= 20 && short >= 0.9 * calls"), [[(60, 18)]], "what follows counts");
    assert_eq!(gates("then >= 1 && (calls >= 20 || short_day >= 12)"), [[(60, 1)]], "one, from the first of two on");
    assert_eq!(gates("again >= 3"), [[(1_440, 3)]]);
}

#[test]
fn what_begins_with_a_first_event_is_not_gated_by_second_ones() {
    let pack = pack(&["then >= 1".to_owned()]).unwrap();
    let plan = &pack.plan.local[0];
    let mut first = Record::new(Kind::Voice, Timestamp::from_ms(0));
    (first.direction, first.duration_ms) = (Direction::Outgoing, Some(60_000));
    let filter = plan.layout.gates[plan.patterns[0].gates[0].place];
    assert!(plan.passes(&first, &pack.lists) >> filter & 1 == 1, "filter {filter}");
}

/// Patterns that count calls of ever other lengths, each in two ways.
fn many(patterns: u32) -> Pack {
    let file = |number: u32| {
        let text = format!(
            "id = \"p{number:02}\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"caller\"]\nrecords = 'kind == \"voice\"'\n\
             warn = 'some >= 9 || calls >= 20'\n[features.calls]\naggregate = \"count\"\nwindow = \"1h\"\n\
             [features.some]\naggregate = \"count\"\nwhere = 'duration_s < {}'\nwindow = \"1h\"\n\
             [weights.calls]\npoints = 100\nfrom = 0\nto = 1\n",
            10 + number
        );
        SourceFile { path: format!("p{number:02}.toml"), text }
    };
    PackSources::new((0..patterns).map(file).collect(), Vec::new()).compile().unwrap()
}

#[test]
fn past_the_most_gates_patterns_keep_one_for_all_ways() {
    use lancang_window::limits::GATES_MAX;
    for patterns in [1, 5, 11, 12, 30] {
        let pack = many(patterns);
        let plan = &pack.plan.local[0];
        let apart = plan.patterns.iter().filter(|pattern| pattern.gates.len() == 2).count();
        // All calls have one gate, short ones of each pattern one; one place is left for what counts all events.
        assert_eq!(apart, (GATES_MAX - 2).min(patterns as usize), "{patterns} patterns");
        assert!(plan.layout.gates.len() <= GATES_MAX && plan.layout.gates.is_sorted());
        for pattern in &plan.patterns {
            let all = pattern
                .gates
                .iter()
                .all(|gate| plan.layout.gates[gate.place] == 0 || gate.least.contains(&9) || gate.least.contains(&20));
            assert!(all && !pattern.gates.is_empty(), "{}: {:?}", pattern.id, pattern.gates);
        }
    }
}
