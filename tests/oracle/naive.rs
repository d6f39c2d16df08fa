//! Scoring by its definitions: nested loops over all records, nothing kept that could be computed again.

use std::collections::{BTreeMap, BTreeSet};

use lancang_pattern::Pack;
use lancang_pattern::entity_key::EntityKey;
use lancang_pattern::fields::party_key;
use lancang_pattern::limits::GRID_MS;
use lancang_pattern::plan::{EntityPlan, EntityType, Mode, PatternPlan, Role, Verdict};
use lancang_record::log::{Class, InputMark, InputState};
use lancang_record::record::{Kind, Phase, Record};
use lancang_window::slots::{point_slot_ms, span_slot_ms};
use lancang_window::{Aggregate, DistinctSet, Primitive, WindowSpec};
use sha2::{Digest as _, Sha256};

use crate::definitions;
use crate::known::{self, Past};
use crate::streams::{Log, LogEntry};

/// What is compared of an incident line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    pub id: String,
    pub revision: u64,
    pub message: String,
    pub mode: String,
    pub entity: String,
    pub rule: String,
    pub patterns: Vec<String>,
    pub severity: u64,
    pub score: u64,
    pub reasons: Vec<String>,
    pub victims: u64,
    /// Of aggregated entities: who the victims are, sorted. Random streams have fewer than a line names.
    pub named: Vec<String>,
    pub last_event: String,
}

impl Seen {
    /// Of a line that the engine wrote.
    pub fn of_line(line: &[u8]) -> Self {
        let line: serde_json::Value = serde_json::from_slice(line).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("").to_owned();
        let reason = |reason: &serde_json::Value| {
            format!(
                "{} {} {} {}",
                text(&reason["pattern"]),
                text(&reason["code"]),
                reason["value"],
                reason["threshold"]
            )
        };
        let is_victim = |related: &&serde_json::Value| related["role"] == "victim";
        let named = line["related"].as_array().unwrap().iter().filter(is_victim).map(|related| text(&related["value"]));
        let mut named: Vec<String> = named.collect();
        named.sort();
        Self {
            id: text(&line["incident_id"]),
            revision: line["revision"].as_u64().unwrap(),
            message: text(&line["message"]),
            mode: line["mode"].as_str().unwrap_or("live").to_owned(),
            entity: format!("{}:{}", text(&line["entity"]["type"]), text(&line["entity"]["value"])),
            rule: text(&line["rule"]),
            patterns: line["patterns"].as_array().unwrap().iter().map(text).collect(),
            severity: line["severity"].as_u64().unwrap(),
            score: line["score"].as_u64().unwrap(),
            reasons: line["reasons"].as_array().unwrap().iter().map(reason).collect(),
            victims: line["victims"].as_u64().unwrap(),
            named,
            last_event: text(&line["last_event"]),
        }
    }
}

/// A record as its task reads it.
struct Read {
    class: Class,
    /// With the duration of the call so far, and what is known of its subscriber.
    record: Record<'static>,
    /// Earlier parts of the same call, as they were presented.
    earlier: Vec<Record<'static>>,
    /// Border of its class when it was read.
    border: Option<i64>,
}

/// What happens in a partition, in order.
enum Happens {
    Read(Box<Read>),
    /// After a mark: the watermarks by class.
    Marked([i64; 3]),
}

fn watermark(marks: &[InputMark], class: Class) -> i64 {
    // The highest that the least clock of inputs that are not idle ever was; the greatest clock where all are idle.
    let mut highest = i64::MIN;
    for length in 1..=marks.len() {
        let mut last: BTreeMap<u64, InputMark> = BTreeMap::new();
        marks[..length].iter().filter(|mark| mark.class == class).for_each(|mark| {
            last.insert(mark.input.0, *mark);
        });
        let least = last.values().filter(|mark| mark.state != InputState::Idle).map(|mark| mark.clock.as_ms()).min();
        let greatest = last.values().map(|mark| mark.clock.as_ms()).max();
        highest = highest.max(least.or(greatest).unwrap_or(i64::MIN));
    }
    highest
}

fn border(marks: &[InputMark], class: Class, grid_ms: i64) -> Option<i64> {
    let watermark = watermark(marks, class);
    (watermark != i64::MIN).then(|| watermark.div_euclid(grid_ms))
}

/// What happens in a partition.
fn history(log: &Log, partition: u32, grid_ms: i64) -> Vec<Happens> {
    read(log, partition, grid_ms).0
}

/// The same for the definitions of what is known of subscribers.
#[allow(dead_code, reason = "only the test of those definitions asks for it")]
pub fn past(log: &Log, partition: u32) -> Vec<Past> {
    read(log, partition, GRID_MS).1
}

fn read(log: &Log, partition: u32, grid_ms: i64) -> (Vec<Happens>, Vec<Past>) {
    let mut marks: Vec<InputMark> = Vec::new();
    let mut read: Vec<Record<'static>> = Vec::new();
    let mut parts: Vec<(usize, Record<'static>)> = Vec::new();
    let mut past: Vec<Past> = Vec::new();
    let mut history = Vec::new();
    for (_, entry) in log.written.iter().filter(|(of, _)| *of == partition) {
        match entry {
            LogEntry::Mark(mark) => {
                marks.push(*mark);
                let watermarks = Class::ALL.map(|class| watermark(&marks, class));
                let least = known::least(&marks, watermarks);
                past.push(Past::Watermark(least));
                history.push(Happens::Marked(watermarks));
            }
            LogEntry::Records(class, records) => {
                for record in records {
                    let identity = |of: &Record<'static>| {
                        let moment = if of.phase == Phase::Interim { of.event } else { of.start };
                        (of.source, of.id, moment, of.part, of.phase, of.direction, of.kind, of.served())
                    };
                    let named = !record.source.is_empty() || !record.id.is_empty();
                    if named && read.iter().any(|other| identity(other) == identity(record)) {
                        continue;
                    }
                    read.push(*record);
                    let mut presented = *record;
                    let (mut earlier, mut first_part) = (Vec::new(), None);
                    let counts = matches!(record.kind, Kind::Voice | Kind::Sms) && record.phase == Phase::End;
                    if record.part.is_some() && counts {
                        let of_call = |(_, other): &&(usize, Record<'_>)| {
                            (other.source, other.id, other.direction, other.kind, other.served())
                                == (record.source, record.id, record.direction, record.kind, record.served())
                        };
                        let all: Vec<(usize, Record<'static>)> = parts.iter().filter(of_call).copied().collect();
                        let begins = all.iter().rposition(|(_, part)| part.last).map_or(0, |last| last + 1);
                        first_part = all.get(begins).map(|(place, _)| *place);
                        earlier = all[begins..].iter().map(|(_, part)| *part).collect();
                        let so_far = earlier.last().and_then(|part| part.duration_ms).unwrap_or(0);
                        presented.duration_ms = record.duration_ms.map(|ms| ms + so_far);
                    }
                    past.push(Past::Record(Box::new(*record), first_part));
                    presented.enrichment = known::enrichment(&past, past.len() - 1);
                    if record.part.is_some() && counts {
                        parts.push((past.len() - 1, presented));
                    }
                    let border = border(&marks, *class, grid_ms);
                    let read = Read { class: *class, record: presented, earlier, border };
                    history.push(Happens::Read(Box::new(read)));
                }
            }
        }
    }
    (history, past)
}

fn is_event(read: &Read) -> bool {
    matches!(read.record.kind, Kind::Voice | Kind::Sms | Kind::Report) && read.record.phase == Phase::End
}

/// Value of each primitive over some events: `(events, window covers this event)`, for windows that end at `ends(window)`.
fn values(
    plan: &EntityPlan,
    pack: &Pack,
    events: &[&Read],
    covers: impl Fn(&Read, usize) -> bool,
    ends_ms: impl Fn(usize) -> i64,
    at_home: impl Fn(&Read) -> bool,
) -> Vec<f64> {
    let mut values = Vec::new();
    let passes = |record: &Record<'_>| plan.passes(record, &pack.lists);
    let events: Vec<(&Read, u64, u64)> = events
        .iter()
        .map(|read| (*read, passes(&read.record), read.earlier.iter().fold(0, |any, part| any | passes(part))))
        .collect();
    for primitive in &plan.layout.primitives {
        let window = usize::from(primitive.window);
        let mut found = Found::default();
        for (read, passed, earlier) in events.iter().filter(|(read, ..)| covers(read, window)) {
            let counted = |filter: u8| earlier >> filter & 1 == 1;
            let column = |record: &Record<'_>| {
                let mut columns = Vec::new();
                let present = plan.columns(record, &mut columns);
                let column = usize::from(primitive.column?);
                (present >> column & 1 == 1).then(|| columns[column])
            };
            let at_ms = read.record.event.as_ms();
            let value = column(&read.record);
            let first = passed >> primitive.filter & 1 == 1;
            if let Aggregate::Sequence { then, .. } = primitive.aggregate {
                let is_then = passed >> then & 1 == 1 && !counted(then);
                found.stands.push((at_ms.wrapping_sub(value.unwrap_or(0) as i64), at_ms, first, is_then));
            }
            if !first {
                continue;
            }
            let again = counted(primitive.filter);
            let mut before = read.record;
            before.duration_ms = read.earlier.last().and_then(|part| part.duration_ms);
            let before = if again { column(&before).unwrap_or(0) as i64 } else { 0 };
            if !again {
                found.count += 1;
                found.moments.push(at_ms);
                found.at_home += u64::from(value.is_some() && at_home(read));
                found.first_keys.extend(value);
            }
            if let Some(value) = value {
                found.with_column += u64::from(!again);
                found.sum = found.sum.wrapping_add((value as i64).wrapping_sub(before));
                found.keys.push(value);
                found.calls.push((at_ms.wrapping_sub((value as i64).wrapping_sub(before)), at_ms));
            }
        }
        let window = plan.layout.windows[window];
        let ends_ms = ends_ms(usize::from(primitive.window));
        values.push(found.value(primitive, window, ends_ms - window.length_ms..ends_ms));
    }
    values
}

/// What some events hold for one primitive.
#[derive(Default)]
struct Found {
    count: u64,
    with_column: u64,
    at_home: u64,
    sum: i64,
    /// Of all parts of calls, and of first parts alone.
    keys: Vec<u64>,
    first_keys: Vec<u64>,
    calls: Vec<(i64, i64)>,
    moments: Vec<i64>,
    stands: Vec<(i64, i64, bool, bool)>,
}

impl Found {
    fn value(self, primitive: &Primitive, window: WindowSpec, covered: std::ops::Range<i64>) -> f64 {
        let numbers = || self.keys.iter().map(|value| *value as i64);
        match primitive.aggregate {
            Aggregate::Count if primitive.column.is_none() => self.count as f64,
            Aggregate::Count => self.with_column as f64,
            Aggregate::CountAtHome => self.at_home as f64,
            Aggregate::Sum => self.sum as f64,
            Aggregate::Min => numbers().min().map_or(f64::NAN, |value| value as f64),
            Aggregate::Max => numbers().max().map_or(f64::NAN, |value| value as f64),
            Aggregate::Distinct => {
                let mut set = DistinctSet::default();
                self.keys.iter().for_each(|key| set.insert(*key));
                set.count() as f64
            }
            Aggregate::Busy => definitions::busy_ms(&self.calls, covered, span_slot_ms(window)),
            Aggregate::Concurrency => definitions::concurrency(&self.calls, covered, span_slot_ms(window)),
            Aggregate::Entropy => definitions::entropy_bits(&self.first_keys),
            Aggregate::GapMean => definitions::gaps_ms(&self.moments, covered, point_slot_ms(window)).0,
            Aggregate::GapDeviation => definitions::gaps_ms(&self.moments, covered, point_slot_ms(window)).1,
            Aggregate::Run => definitions::longest_run(&self.keys),
            Aggregate::Sequence { within_ms, .. } => definitions::followed(&self.stands, within_ms),
            // Random streams last minutes: no hour is known.
            Aggregate::Baseline { .. } => f64::NAN,
        }
    }
}

/// An open incident, and the lines of all.
#[derive(Default)]
struct Desk {
    open: BTreeMap<(String, String, String, String, Mode), Open>,
    lines: Vec<Seen>,
}

struct Open {
    seen: Seen,
    /// By pattern its version, what it says, and the names of its reasons.
    held: BTreeMap<String, (u32, Verdict, Vec<String>)>,
    window_ms: i64,
    last_hold: i64,
    last_line: i64,
    class: Class,
    last_ms: i64,
    /// Who was named, when the window had them last, and up to when anybody was.
    told: BTreeMap<String, i64>,
    told_ms: i64,
}

struct Holds<'a> {
    plan: &'a EntityPlan,
    pattern: &'a PatternPlan,
    verdict: Verdict,
    value: String,
    class: Class,
    class_in_id: &'a str,
    at_ms: i64,
    last_ms: i64,
    victims: u64,
    named: &'a [String],
}

impl Desk {
    fn hold(&mut self, holds: Holds<'_>) {
        let Holds { plan, pattern, verdict, value, class, class_in_id, at_ms, last_ms, victims, named } = holds;
        let entity = plan.entity.as_str();
        let scope = format!("{}{class_in_id}", plan.scope);
        let key = (entity.to_owned(), value.clone(), pattern.family.clone(), scope, pattern.mode);
        let codes = verdict.reasons.iter().map(|reason| pattern.code(reason).to_owned()).collect();
        let Some(open) = self.open.get_mut(&key) else {
            let pane = at_ms.div_euclid(pattern.pane_ms) * pattern.pane_ms;
            let shadow = if pattern.mode == Mode::Shadow { "shadow|" } else { "" };
            let text = format!("{shadow}{}|{entity}|{value}|{}|{class_in_id}|{pane}", pattern.family, plan.scope);
            let id: String = Sha256::digest(text.as_bytes())[..16].iter().map(|byte| format!("{byte:02x}")).collect();
            let seen = Seen {
                id,
                revision: 0,
                message: "open".to_owned(),
                mode: pattern.mode.as_str().to_owned(),
                entity: format!("{entity}:{value}"),
                rule: plan.scope.split('/').nth(1).unwrap_or("").to_owned(),
                patterns: Vec::new(),
                severity: u64::from(verdict.severity),
                score: 0,
                reasons: Vec::new(),
                victims,
                named: named.to_vec(),
                last_event: String::new(),
            };
            let held = BTreeMap::from([(pattern.id.clone(), (pattern.version, verdict, codes))]);
            let mut open = Open {
                seen,
                held,
                window_ms: pattern.window_ms,
                last_hold: at_ms,
                last_line: at_ms,
                class,
                last_ms,
                told: named.iter().map(|victim| (victim.clone(), at_ms)).collect(),
                told_ms: at_ms,
            };
            open.show();
            self.lines.push(open.seen.clone());
            self.open.insert(key, open);
            return;
        };
        let joins = !open.held.contains_key(&pattern.id);
        let rises = u64::from(verdict.severity) > open.seen.severity;
        open.held.insert(pattern.id.clone(), (pattern.version, verdict, codes));
        open.window_ms = open.window_ms.max(pattern.window_ms);
        open.last_hold = open.last_hold.max(at_ms);
        open.last_ms = open.last_ms.max(last_ms);
        let cooled = at_ms - open.last_line >= pattern.cooldown_ms;
        if joins || rises || cooled && open.differs() {
            open.last_line = at_ms;
            open.seen.victims = open.seen.victims.max(victims);
            open.seen.named = named.to_vec();
            open.told.extend(named.iter().map(|victim| (victim.clone(), at_ms)));
            open.told.retain(|_, seen| at_ms - *seen <= open.window_ms);
            open.told_ms = at_ms;
            let severity = open.held[&pattern.id].1.severity;
            open.seen.severity = open.seen.severity.max(u64::from(severity));
            open.seen.revision += 1;
            open.seen.message = "update".to_owned();
            open.show();
            self.lines.push(open.seen.clone());
            return;
        }
        // Once in a pane: who is in the window and was named by no line since the window had them last.
        if at_ms <= open.told_ms {
            return;
        }
        open.told_ms = at_ms;
        for victim in named.iter().filter(|victim| open.told.contains_key(*victim)).cloned().collect::<Vec<_>>() {
            open.told.insert(victim, at_ms);
        }
        open.told.retain(|_, seen| at_ms - *seen <= open.window_ms);
        let newcomers: Vec<String> = named.iter().filter(|victim| !open.told.contains_key(*victim)).cloned().collect();
        if newcomers.is_empty() {
            return;
        }
        open.told.extend(newcomers.iter().map(|victim| (victim.clone(), at_ms)));
        open.seen.revision += 1;
        let (patterns, reasons, score, _) = open.parts();
        self.lines.push(Seen {
            message: "victims".to_owned(),
            victims: newcomers.len() as u64,
            named: newcomers,
            patterns,
            reasons,
            score,
            last_event: lancang_record::Timestamp::from_ms(open.last_ms).to_string(),
            ..open.seen.clone()
        });
    }

    fn close(&mut self, class: Class, watermark: i64) {
        let quiet = |open: &Open| open.class == class && watermark > open.last_hold + open.window_ms;
        let going: Vec<_> = self.open.iter().filter(|(_, open)| quiet(open)).map(|(key, _)| key.clone()).collect();
        for key in going {
            let mut open = self.open.remove(&key).unwrap();
            open.seen.revision += 1;
            open.seen.message = "close".to_owned();
            open.show();
            self.lines.push(open.seen);
        }
    }
}

impl Open {
    fn parts(&self) -> (Vec<String>, Vec<String>, u64, Vec<u8>) {
        let patterns = self.held.iter().map(|(id, (version, ..))| format!("{id}@{version}")).collect();
        let mut reasons = Vec::new();
        for (id, (_, verdict, codes)) in &self.held {
            for (reason, code) in verdict.reasons.iter().zip(codes) {
                let (value, threshold) = (serde_json::json!(reason.value), serde_json::json!(reason.threshold));
                reasons.push(format!("{id} {code} {value} {threshold}"));
            }
        }
        let score = self.held.values().map(|(_, verdict, _)| u64::from(verdict.score)).max().unwrap_or(0);
        (patterns, reasons, score, self.held.values().map(|(_, verdict, _)| verdict.severity).collect())
    }

    /// Whether what a line shows would differ from the last line.
    fn differs(&self) -> bool {
        let (patterns, reasons, score, severities) = self.parts();
        (patterns, reasons, score) != (self.seen.patterns.clone(), self.seen.reasons.clone(), self.seen.score)
            || severities != self.shown_severities()
    }

    fn shown_severities(&self) -> Vec<u8> {
        SEVERITIES.with(|shown| shown.borrow().get(&self.seen.id).cloned().unwrap_or_default())
    }

    fn show(&mut self) {
        let (patterns, reasons, score, severities) = self.parts();
        (self.seen.patterns, self.seen.reasons, self.seen.score) = (patterns, reasons, score);
        self.seen.last_event = lancang_record::Timestamp::from_ms(self.last_ms).to_string();
        SEVERITIES.with(|shown| drop(shown.borrow_mut().insert(self.seen.id.clone(), severities)));
    }
}

thread_local! {
    /// Severities by pattern that an incident's last line was written with.
    static SEVERITIES: std::cell::RefCell<BTreeMap<String, Vec<u8>>> = const { std::cell::RefCell::new(BTreeMap::new()) };
}

/// All incidents of a log, sorted.
pub fn incidents(log: &Log, pack: &Pack) -> Vec<Seen> {
    let grid_ms = GRID_MS;
    let histories: Vec<Vec<Happens>> =
        (0..log.partitions()).map(|partition| history(log, partition, grid_ms)).collect();
    let mut lines = Vec::new();
    for history in &histories {
        lines.extend(local(history, pack));
    }
    for class in Class::ALL {
        lines.extend(aggregated(log, &histories, pack, class));
    }
    lines.sort();
    lines
}

fn local(history: &[Happens], pack: &Pack) -> Vec<Seen> {
    let mut desk = Desk::default();
    for (index, happens) in history.iter().enumerate() {
        let read = match happens {
            Happens::Marked(watermarks) => {
                for class in Class::ALL {
                    if watermarks[class.index()] != i64::MIN {
                        desk.close(class, watermarks[class.index()]);
                    }
                }
                continue;
            }
            Happens::Read(read) if is_event(read) => read,
            Happens::Read(_) => continue,
        };
        for plan in &pack.plan.local {
            let Some(key) = plan.entity.local_key(&read.record) else { continue };
            if plan.passes(&read.record, &pack.lists) == 0 {
                continue;
            }
            let events: Vec<&Read> = history[..=index]
                .iter()
                .filter_map(|happens| match happens {
                    Happens::Read(other) if is_event(other) => Some(&**other),
                    _ => None,
                })
                .filter(|other| {
                    plan.entity.local_key(&other.record) == Some(key) && plan.passes(&other.record, &pack.lists) != 0
                })
                .collect();
            let newest = events.iter().map(|event| event.record.event.as_ms()).max().unwrap();
            let covers = |event: &Read, window: usize| {
                let window = plan.layout.windows[window];
                let (pane, last) =
                    (event.record.event.as_ms().div_euclid(window.pane_ms()), newest.div_euclid(window.pane_ms()));
                pane > last - i64::from(window.panes) && pane <= last
            };
            let ends_ms = |window: usize| {
                let pane_ms = plan.layout.windows[window].pane_ms();
                (newest.div_euclid(pane_ms) + 1) * pane_ms
            };
            let values = values(plan, pack, &events, covers, ends_ms, |_| false);
            judge(&mut desk, plan, pack, &key, &values, read.class, "", newest, newest, &[]);
        }
    }
    desk.lines
}

#[allow(clippy::too_many_arguments)]
fn judge(
    desk: &mut Desk,
    plan: &EntityPlan,
    pack: &Pack,
    key: &EntityKey<'_>,
    values: &[f64],
    class: Class,
    class_in_id: &str,
    at_ms: i64,
    last_ms: i64,
    named: &[String],
) {
    for pattern in &plan.patterns {
        let mut verdict = Verdict::default();
        if !pattern.judge(&mut values.to_vec(), &mut verdict) {
            continue;
        }
        let at = lancang_record::Timestamp::from_ms(at_ms);
        if pattern.suppress.iter().any(|list| pack.lists.has_entity(list, key, at)) {
            continue;
        }
        let victims = pattern.victims.map_or(0, |index| values[index] as u64);
        let value = key.to_string();
        desk.hold(Holds { plan, pattern, verdict, value, class, class_in_id, at_ms, last_ms, victims, named });
    }
}

fn aggregated(log: &Log, histories: &[Vec<Happens>], pack: &Pack, class: Class) -> Vec<Seen> {
    let grid_ms = GRID_MS;
    let all = || {
        histories.iter().flatten().filter_map(|happens| match happens {
            Happens::Read(read) if read.class == class => Some(&**read),
            _ => None,
        })
    };
    let pane_of = |read: &Read| read.record.event.as_ms().div_euclid(grid_ms);
    let effective = |read: &Read| read.border.map_or(pane_of(read), |border| pane_of(read).max(border));
    let panes: BTreeSet<i64> = all().map(effective).collect();
    let (Some(first), Some(last)) = (panes.first(), panes.last()) else { return Vec::new() };
    let mut desk = Desk::default();
    if pack.plan.aggregated.is_empty() {
        return desk.lines;
    }
    // A pattern's pane closes at most so many panes of the grid after its last event.
    for pane in *first..=last + 100 {
        desk.close(class, pane * grid_ms);
        let mut due: Vec<(&EntityPlan, EntityKey<'_>)> = Vec::new();
        for plan in &pack.plan.aggregated {
            let grids = plan.patterns[0].pane_ms / grid_ms;
            if (pane + 1) % grids != 0 {
                continue;
            }
            for read in all().filter(|read| (pane + 1 - grids..=pane).contains(&effective(read))) {
                if let Some(key) = contributes(plan, pack, read)
                    && !due.iter().any(|(other, known)| other.hash == plan.hash && *known == key)
                {
                    due.push((plan, key));
                }
            }
        }
        for (plan, key) in due {
            let events: Vec<&Read> =
                all().filter(|read| contributes(plan, pack, read) == Some(key) && effective(read) <= pane).collect();
            let covers = |event: &Read, window: usize| {
                let window = plan.layout.windows[window];
                let (own, last) = (pane_of(event) * grid_ms, pane * grid_ms);
                let (own, last) = (own.div_euclid(window.pane_ms()), last.div_euclid(window.pane_ms()));
                own > last - i64::from(window.panes) && own <= last
            };
            let at_home =
                |read: &Read| is_at_home(log, histories, read, pane_of(read), effective(read), class, grid_ms);
            let ends_ms = |window: usize| {
                let pane_ms = plan.layout.windows[window].pane_ms();
                ((pane * grid_ms).div_euclid(pane_ms) + 1) * pane_ms
            };
            let values = values(plan, pack, &events, covers, ends_ms, at_home);
            let ends = (pane + 1) * grid_ms;
            let window = plan.patterns[0].window_ms;
            let first_pane = (ends - window).div_euclid(grid_ms);
            let in_window = || events.iter().filter(|event| (first_pane..=pane).contains(&pane_of(event)));
            let last_ms = in_window().map(|event| event.record.event.as_ms()).max().unwrap_or(ends);
            let is_victim = plan.related.contains(&(EntityType::Callee, Role::Victim));
            let named: BTreeSet<String> = in_window()
                .filter(|_| is_victim)
                .filter_map(|event| event.record.callee.map(|callee| EntityKey::Party(callee).to_string()))
                .collect();
            let named: Vec<String> = named.into_iter().collect();
            judge(&mut desk, plan, pack, &key, &values, class, class.as_str(), ends, last_ms, &named);
        }
    }
    desk.close(class, i64::MAX);
    desk.lines
}

fn contributes<'r>(plan: &EntityPlan, pack: &Pack, read: &'r Read) -> Option<EntityKey<'r>> {
    let record = &read.record;
    let sent = is_event(read) && plan.send.as_ref().is_some_and(|send| send.holds(record, &pack.lists));
    if !sent || plan.passes(record, &pack.lists) == 0 {
        return None;
    }
    plan.entity.aggregated_key(record)
}

/// Whether the caller that a call claims was at home all its pane, as far as the log tells when that pane is judged.
fn is_at_home(
    log: &Log,
    histories: &[Vec<Happens>],
    read: &Read,
    pane: i64,
    judged: i64,
    class: Class,
    grid_ms: i64,
) -> bool {
    let (begins, ends) = (pane * grid_ms, (pane + 1) * grid_ms);
    for partition in 0..log.partitions() {
        // Mobility as it stood at the mark with which the task passed the judged pane.
        let mut marks: Vec<InputMark> = Vec::new();
        for (_, entry) in log.written.iter().filter(|(of, _)| *of == partition) {
            if let LogEntry::Mark(mark) = entry {
                marks.push(*mark);
                if border(&marks, class, grid_ms).is_some_and(|border| border > judged) {
                    break;
                }
            }
        }
        let judged_ends = (judged + 1) * grid_ms;
        let judged_begins = judged * grid_ms;
        if !mobility_known(&marks, class, judged_begins, judged_ends) {
            return false;
        }
    }
    let subscriber = read.record.caller.map(party_key);
    let mut statements: Vec<(i64, bool)> = Vec::new();
    let mut ever_abroad = false;
    for happens in histories.iter().flatten() {
        let Happens::Read(other) = happens else { continue };
        if other.record.kind != Kind::Mobility || other.record.caller.map(party_key) != subscriber {
            continue;
        }
        // That somebody is at home says something only of those who were said to be abroad before.
        ever_abroad |= other.record.roaming.is_some_and(|country| country != other.record.home);
        if !ever_abroad {
            continue;
        }
        let Some(country) = other.record.roaming else { continue };
        let own = other.record.event.as_ms().div_euclid(grid_ms);
        let effective = other.border.map_or(own, |border| own.max(border));
        if other.class == class && effective <= judged {
            statements.push((other.record.event.as_ms(), country != other.record.home));
        }
    }
    let before = statements.iter().filter(|(at, _)| *at <= begins).max();
    let within = statements.iter().any(|(at, abroad)| *at > begins && *at < ends && *abroad);
    !before.is_some_and(|(_, abroad)| *abroad) && !within
}

fn mobility_known(marks: &[InputMark], class: Class, begins: i64, ends: i64) -> bool {
    let inputs: BTreeSet<u64> =
        marks.iter().filter(|mark| mark.class == class && mark.mobility).map(|mark| mark.input.0).collect();
    if inputs.is_empty() {
        return false;
    }
    inputs.iter().all(|input| {
        let of_input: Vec<&InputMark> = marks.iter().filter(|mark| mark.input.0 == *input).collect();
        let clock = of_input.last().unwrap().clock.as_ms();
        // Complete since its first mark, or since it last returned from idle.
        let mut since = of_input[0].clock.as_ms();
        for pair in of_input.windows(2) {
            let unknown = pair[0].clock.as_ms() == i64::MIN;
            if unknown || pair[0].state == InputState::Idle && pair[1].state != InputState::Idle {
                since = pair[1].clock.as_ms();
            }
        }
        clock >= ends && since <= begins - 24 * 3_600_000
    })
}
