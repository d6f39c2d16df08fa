//! Incidents: opened once, updated on escalation or at most once per cooldown, closed when quiet. Between two of these lines an
//! aggregated incident names victims who came later, in a line of their own for each pane that is judged: their carriers are to
//! warn them now, and not when it has cooled down.
//!
//! Patterns of one family that hold for one entity make one incident. Its id is a function of family, entity, scope,
//! class (of an aggregated entity) and the pane in which it opened. The line is the one of `records.md`.
//!
//! **Invariant:** patterns in shadow make incidents of their own, whose ids and lines say so: what is published does not
//! depend on what is in shadow.

mod saving;

use std::collections::{BTreeMap, BTreeSet};

use bincode::{Decode, Encode};
use lancang_pattern::plan::{EntityPlan, EntityType, Mode, PatternPlan, Role, Verdict};
use lancang_record::log::Class;
use lancang_record::time::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::attachment::Attachment;
use crate::limits::{VICTIM_LINES_MAX, VICTIMS_MAX, VICTIMS_REMEMBERED_MAX};
use crate::output::Outputs;

use saving::{Pieces, piece_of};

/// Which incident.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct IncidentKey {
    /// Type of the entity.
    pub entity: EntityType,
    /// Its clear value.
    pub value: String,
    /// Family of the patterns.
    pub family: String,
    /// Rule, or empty.
    pub scope: String,
    /// Class of the feeds, for an aggregated entity.
    pub class: Option<Class>,
}

impl IncidentKey {
    /// Of an entity of a plan and a pattern, in the room of another one. `write` gives the entity's clear value.
    pub(crate) fn taken<'r>(
        room: &'r mut Option<Self>,
        plan: &EntityPlan,
        pattern: &PatternPlan,
        class: Option<Class>,
        write: impl FnOnce(&mut String),
    ) -> &'r Self {
        let empty = || Self {
            entity: plan.entity,
            value: String::new(),
            family: String::new(),
            scope: String::new(),
            class: None,
        };
        let key = room.get_or_insert_with(empty);
        (key.entity, key.class) = (plan.entity, class);
        key.family.clone_from(&pattern.family);
        key.scope.clone_from(&plan.scope);
        write(&mut key.value);
        key
    }
}

/// An incident line on its way to the incidents topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentOut {
    /// Incident id, 32 hex digits: the message's key.
    pub id: String,
    /// The line.
    pub line: Vec<u8>,
    /// Id of the pattern that counts it.
    pub pattern: String,
    /// `open`, `update`, `victims` or `close`.
    pub message: &'static str,
    /// Whether it may be published.
    pub mode: Mode,
    /// Whether it names victims who can be warned: a called number that it is about or related to, and it does not close.
    pub names_victims: bool,
    /// Event time of the judgement that it shows: of the record, or the end of the pane.
    pub judged_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
struct Held {
    version: u32,
    severity: u8,
    score: u8,
    reasons: Vec<(String, f64, f64)>,
}

impl Held {
    fn of(pattern: &PatternPlan, verdict: &Verdict) -> Self {
        let mut held = Self { version: 0, severity: 0, score: 0, reasons: Vec::new() };
        held.say(pattern, verdict);
        held
    }

    /// What the pattern says now, in the room of what it said before: most incidents hold at each record, and few lines say so.
    fn say(&mut self, pattern: &PatternPlan, verdict: &Verdict) {
        (self.version, self.severity, self.score) = (pattern.version, verdict.severity, verdict.score);
        self.reasons.resize_with(verdict.reasons.len(), Default::default);
        for ((code, value, threshold), reason) in self.reasons.iter_mut().zip(&verdict.reasons) {
            pattern.code(reason).clone_into(code);
            (*value, *threshold) = (reason.value, reason.threshold);
        }
    }
}

/// An incident that is open.
#[derive(Clone, Debug, Encode, Decode)]
struct Open {
    id: String,
    revision: u64,
    severity: u8,
    held: BTreeMap<String, Held>,
    opened_class: Class,
    window_ms: i64,
    last_hold: i64,
    last_line: i64,
    shown: Option<String>,
    first_ms: i64,
    last_ms: i64,
    victims: u64,
    attachment: Attachment,
    /// Victims whom a line has named, by hash, each with the event time at which the window had them last.
    named: BTreeMap<u64, i64>,
    /// Event time up to which victims were named.
    named_ms: i64,
}

/// What is known of an entity at the moment when a pattern was judged.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Event time of the judgement: the entity's newest event, or the end of the pane.
    pub at_ms: i64,
    /// Class of the record that led to it, or of the pane.
    pub class: Class,
    /// First event in the longest window.
    pub first_ms: i64,
    /// Newest event.
    pub last_ms: i64,
    /// Victims so far.
    pub victims: u64,
    /// Evidence and related entities.
    pub attachment: &'a Attachment,
    /// What it was merged of, pane by pane: each may name victims of its own. None for a subscriber's own patterns, which are
    /// judged at each record.
    pub panes: &'a [&'a Attachment],
}

/// All open incidents of a task.
#[derive(Clone, Debug, Default)]
pub struct Incidents {
    open: BTreeMap<IncidentKey, Open>,
    /// Those of patterns in shadow.
    shadow: BTreeMap<IncidentKey, Open>,
    pieces: Pieces,
}

impl Incidents {
    /// Number of open incidents, those in shadow too.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len() + self.shadow.len()
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    const fn of(&mut self, mode: Mode) -> &mut BTreeMap<IncidentKey, Open> {
        match mode {
            Mode::Live => &mut self.open,
            Mode::Shadow => &mut self.shadow,
        }
    }

    /// A pattern holds for an entity: opens its incident, or updates it where something is worth a line. Gives how many victims
    /// no line has named, for want of lines or of room to remember them: those of the next pane name them, if one comes.
    pub fn hold(
        &mut self,
        key: &IncidentKey,
        pattern: &PatternPlan,
        verdict: &Verdict,
        moment: &Moment<'_>,
        out: &mut Vec<IncidentOut>,
    ) -> u64 {
        self.put_early(piece_of(key));
        let all = self.of(pattern.mode);
        let Some(open) = all.get_mut(key) else {
            let open = Open::new(key, pattern, Held::of(pattern, verdict), moment);
            let open = all.entry(key.clone()).or_insert(open);
            out.push(open.line(key, pattern.mode, "open", &pattern.id));
            return open.newcomers(key, pattern, moment, out);
        };
        let rises = verdict.severity > open.severity;
        let before = open.held.get_mut(&pattern.id);
        let joins = before.is_none();
        match before {
            Some(held) => held.say(pattern, verdict),
            None => {
                open.held.insert(pattern.id.clone(), Held::of(pattern, verdict));
            }
        }
        open.window_ms = open.window_ms.max(pattern.window_ms);
        open.last_hold = open.last_hold.max(moment.at_ms);
        open.reach(moment);
        let cooled = moment.at_ms - open.last_line >= pattern.cooldown_ms;
        if !(joins || rises || cooled && open.shown.as_deref() != Some(open.values().as_str())) {
            return open.newcomers(key, pattern, moment, out);
        }
        open.severity = open.severity.max(verdict.severity);
        open.take(moment);
        open.revision += 1;
        open.last_line = moment.at_ms;
        out.push(open.line(key, pattern.mode, "update", &pattern.id));
        open.newcomers(key, pattern, moment, out)
    }

    /// Closes what has been quiet for its window by the watermark of a class, as far as the step goes; gives whether
    /// that was all.
    pub fn close(&mut self, class: Class, watermark: Timestamp, out: &mut Outputs) -> bool {
        [Mode::Live, Mode::Shadow].into_iter().all(|mode| self.close_of(mode, class, watermark, out))
    }

    fn close_of(&mut self, mode: Mode, class: Class, watermark: Timestamp, out: &mut Outputs) -> bool {
        let quiet = |open: &Open| {
            open.opened_class == class && watermark.as_ms() > open.last_hold.saturating_add(open.window_ms)
        };
        let mut changes: Vec<usize> =
            self.of(mode).iter().filter(|(_, open)| quiet(open)).map(|(key, _)| piece_of(key)).collect();
        if changes.is_empty() {
            return true;
        }
        changes.sort_unstable();
        changes.dedup();
        changes.into_iter().for_each(|piece| self.put_early(piece));
        let all = self.of(mode);
        let mut whole = true;
        all.retain(|key, open| {
            if !quiet(open) {
                return true;
            }
            if !out.takes_incident() {
                whole = false;
                return true;
            }
            open.revision += 1;
            let pattern = open.held.keys().next().cloned().unwrap_or_default();
            out.incidents.push(open.line(key, mode, "close", &pattern));
            false
        });
        whole
    }
}

impl Open {
    fn new(key: &IncidentKey, pattern: &PatternPlan, held: Held, moment: &Moment<'_>) -> Self {
        let pane = moment.at_ms.div_euclid(pattern.pane_ms) * pattern.pane_ms;
        let mut open = Self {
            id: id(key, pattern.mode, pane),
            revision: 0,
            severity: held.severity,
            held: BTreeMap::from([(pattern.id.clone(), held)]),
            opened_class: moment.class,
            window_ms: pattern.window_ms,
            last_hold: moment.at_ms,
            last_line: moment.at_ms,
            shown: None,
            first_ms: moment.first_ms,
            last_ms: moment.last_ms,
            victims: 0,
            attachment: Attachment::default(),
            named: BTreeMap::new(),
            named_ms: i64::MIN,
        };
        open.take(moment);
        open
    }

    /// The next line shows values of this moment: its times are to reach over the events that they are of.
    const fn reach(&mut self, moment: &Moment<'_>) {
        if moment.first_ms < self.first_ms {
            self.first_ms = moment.first_ms;
        }
        if moment.last_ms > self.last_ms {
            self.last_ms = moment.last_ms;
        }
    }

    fn take(&mut self, moment: &Moment<'_>) {
        self.victims = self.victims.max(moment.victims);
        self.attachment = moment.attachment.clone();
        if !moment.panes.is_empty() {
            self.name(moment.attachment, moment.at_ms);
        }
    }

    /// Notes whom a line names.
    fn name(&mut self, by: &Attachment, at_ms: i64) {
        self.named.extend(by.victim_hashes().map(|hash| (hash, at_ms)));
    }

    /// Lines with victims whom no line has named yet, if there are any: at most [`VICTIM_LINES_MAX`], who is left with the
    /// next pane. Gives how many those are.
    fn newcomers(
        &mut self,
        key: &IncidentKey,
        pattern: &PatternPlan,
        moment: &Moment<'_>,
        out: &mut Vec<IncidentOut>,
    ) -> u64 {
        // Once for each pane, whichever patterns of the family hold.
        if moment.at_ms <= self.named_ms {
            return 0;
        }
        self.named_ms = moment.at_ms;
        let in_window: BTreeSet<u64> = moment.panes.iter().flat_map(|pane| pane.victim_hashes()).collect();
        for hash in &in_window {
            self.named.entry(*hash).and_modify(|seen_ms| *seen_ms = moment.at_ms);
        }
        // A pattern with a shorter window than others of the family does not forget for them.
        self.named.retain(|_, seen_ms| moment.at_ms.saturating_sub(*seen_ms) <= self.window_ms);
        for line in 0.. {
            let left = VICTIMS_REMEMBERED_MAX.saturating_sub(self.named.len());
            let (newcomers, count) = Attachment::newcomers(moment.panes, |hash| self.named.contains_key(&hash));
            if count == 0 || line == VICTIM_LINES_MAX || left < VICTIMS_MAX {
                return count;
            }
            self.name(&newcomers, moment.at_ms);
            self.revision += 1;
            let newcomers = newcomers.of_home(self.attachment.home());
            out.push(self.line_of(key, pattern.mode, "victims", &pattern.id, &newcomers, count));
        }
        0
    }

    /// What a line shows that may change while the incident is open.
    fn values(&self) -> String {
        format!("{:?}", self.held)
    }

    fn line(&mut self, key: &IncidentKey, mode: Mode, message: &'static str, pattern: &str) -> IncidentOut {
        self.shown = Some(self.values());
        self.line_of(key, mode, message, pattern, &self.attachment, self.victims)
    }

    fn line_of(
        &self,
        key: &IncidentKey,
        mode: Mode,
        message: &'static str,
        pattern: &str,
        shows: &Attachment,
        victims: u64,
    ) -> IncidentOut {
        let mut patterns = Vec::new();
        let mut reasons = Vec::new();
        for (id, held) in &self.held {
            patterns.push(format!("{id}@{}", held.version));
            for (code, value, threshold) in &held.reasons {
                reasons.push(ReasonLine { pattern: id, code, value: *value, threshold: *threshold });
            }
        }
        let related = shows.related();
        let line = Line {
            incident_id: &self.id,
            revision: self.revision,
            message,
            mode: (mode == Mode::Shadow).then_some(mode.as_str()),
            family: &key.family,
            patterns,
            entity: EntityLine { entity_type: key.entity.as_str(), value: &key.value },
            rule: key.scope.split_once('/').map(|(_, rule)| rule),
            severity: self.severity,
            score: self.held.values().map(|held| held.score).max().unwrap_or(0),
            first_event: Timestamp::from_ms(self.first_ms).to_string(),
            last_event: Timestamp::from_ms(self.last_ms).to_string(),
            window_s: self.window_ms / 1000,
            reasons,
            related: related
                .iter()
                .filter(|(entity, _, value)| (*entity, *value) != (key.entity, key.value.as_str()))
                .map(|(entity, role, value)| related_line(*entity, *role, value))
                .collect(),
            victims,
            evidence: shows.evidence().collect(),
            class: self.opened_class.as_str(),
            home: shows.home().as_str().to_owned(),
        };
        // A line is made of texts and finite numbers: it always is JSON.
        let line = serde_json::to_vec(&line).unwrap_or_default();
        let is_victim =
            |(entity, role, _): &(EntityType, Role, &str)| (*entity, *role) == (EntityType::Callee, Role::Victim);
        let names_victims = message != "close" && (key.entity == EntityType::Callee || related.iter().any(is_victim));
        IncidentOut {
            id: self.id.clone(),
            line,
            pattern: pattern.to_owned(),
            message,
            mode,
            names_victims,
            judged_ms: self.last_line,
        }
    }
}

fn id(key: &IncidentKey, mode: Mode, pane_ms: i64) -> String {
    let class = key.class.map_or("", Class::as_str);
    let shadow = if mode == Mode::Shadow { "shadow|" } else { "" };
    let text = format!("{shadow}{}|{}|{}|{}|{class}|{pane_ms}", key.family, key.entity.as_str(), key.value, key.scope);
    Sha256::digest(text.as_bytes())[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Serialize)]
struct Line<'a> {
    incident_id: &'a str,
    revision: u64,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'a str>,
    family: &'a str,
    patterns: Vec<String>,
    entity: EntityLine<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    severity: u8,
    score: u8,
    first_event: String,
    last_event: String,
    window_s: i64,
    reasons: Vec<ReasonLine<'a>>,
    related: Vec<RelatedLine<'a>>,
    victims: u64,
    evidence: Vec<&'a str>,
    class: &'a str,
    home: String,
}

#[derive(Serialize)]
struct EntityLine<'a> {
    #[serde(rename = "type")]
    entity_type: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct ReasonLine<'a> {
    pattern: &'a str,
    code: &'a str,
    value: f64,
    threshold: f64,
}

#[derive(Serialize)]
struct RelatedLine<'a> {
    #[serde(rename = "type")]
    entity_type: &'a str,
    value: &'a str,
    role: &'a str,
}

fn related_line<'a>(entity: EntityType, role: Role, value: &'a str) -> RelatedLine<'a> {
    let role = match role {
        Role::Suspect => "suspect",
        Role::Used => "used",
        Role::Impersonated => "impersonated",
        Role::Victim => "victim",
    };
    RelatedLine { entity_type: entity.as_str(), value, role }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

    use std::collections::BTreeSet;

    use lancang_pattern::{Pack, PackSources, SourceFile};
    use lancang_record::number::{E164, Party};
    use lancang_record::record::{Kind, Record};

    use super::*;
    use crate::limits::VICTIMS_MAX;

    const BURST: &str = include_str!("../../../tests/oracle/spread.toml");

    fn pack() -> Pack {
        let file = SourceFile { path: "spread.toml".to_owned(), text: BURST.to_owned() };
        PackSources::new(vec![file], Vec::new()).compile().unwrap()
    }

    fn pane(pack: &Pack, callees: std::ops::Range<u64>) -> Attachment {
        let mut pane = Attachment::default();
        for callee in callees {
            let mut record = Record::new(Kind::Sms, Timestamp::from_ms(0));
            record.callee = E164::from_integer(85_510_000_000 + callee).map(Party::Number);
            pane.add(&pack.plan.aggregated[0], &record);
        }
        pane
    }

    fn named(line: &IncidentOut) -> BTreeSet<String> {
        let line: serde_json::Value = serde_json::from_slice(&line.line).unwrap();
        let related = line["related"].as_array().unwrap().iter();
        related.filter(|one| one["role"] == "victim").map(|one| one["value"].as_str().unwrap().to_owned()).collect()
    }

    fn victims(line: &IncidentOut) -> u64 {
        serde_json::from_slice::<serde_json::Value>(&line.line).unwrap()["victims"].as_u64().unwrap()
    }

    #[test]
    fn every_victim_of_a_burst_is_named_as_many_at_once_as_a_line_holds_and_nobody_twice() {
        let pack = pack();
        let plan = &pack.plan.aggregated[0];
        let pattern = &plan.patterns[0];
        let key = IncidentKey {
            entity: plan.entity,
            value: "x".to_owned(),
            family: pattern.family.clone(),
            scope: String::new(),
            class: Some(Class::Stream),
        };
        let verdict = Verdict { severity: 3, score: 50, reasons: Vec::new() };
        let hold = |incidents: &mut Incidents, panes: &[Attachment], judged: i64, out: &mut Vec<IncidentOut>| {
            let panes: Vec<&Attachment> = panes.iter().collect();
            let mut attachment = Attachment::default();
            panes.iter().for_each(|pane| attachment.merge(pane));
            let at_ms = judged * 5_000;
            let moment = Moment {
                at_ms,
                class: Class::Stream,
                first_ms: 0,
                last_ms: at_ms,
                victims: 0,
                attachment: &attachment,
                panes: &panes,
            };
            // A second pattern of the family in the same pane says nothing more.
            let unnamed = incidents.hold(&key, pattern, &verdict, &moment, out);
            unnamed + incidents.hold(&key, pattern, &verdict, &moment, out)
        };
        let said = |out: &[IncidentOut]| out.iter().map(|line| (line.message, named(line).len())).collect::<Vec<_>>();
        // It opens with 500 in its window, of whom a line names 256 and another the rest; 250 more come in one pane; then nobody.
        let panes: Vec<Attachment> = (0..3).map(|number| pane(&pack, number * 250..(number + 1) * 250)).collect();
        let (mut incidents, mut out) = (Incidents::default(), Vec::new());
        let left = [(&panes[..2], 2), (&panes[..], 3), (&panes[..], 3)]
            .map(|(panes, at)| hold(&mut incidents, panes, at, &mut out));
        assert_eq!(left, [0; 3]);
        assert_eq!(said(&out), [("open", 256), ("victims", 244), ("victims", 250)], "all of them at once");
        assert!(out.iter().all(|line| line.names_victims && named(line).len() <= VICTIMS_MAX));
        let unnamed: Vec<u64> = out[1..].iter().map(victims).collect();
        assert_eq!(unnamed, [244, 250], "each line says how many have not been named before it");
        assert_eq!(out.iter().flat_map(named).collect::<BTreeSet<String>>().len(), 750);
        // Those who left the window, and come again when it has been judged without them after its length, are told again; those
        // who stayed are not.
        let (back, window_ms) = (pane(&pack, 0..10), pattern.window_ms);
        let later = 4 + window_ms / 5_000;
        out.clear();
        let left = [std::slice::from_ref(&panes[2]), &[panes[2].clone(), back]];
        let left = [0, 1].map(|after| hold(&mut incidents, left[after], later + after as i64, &mut out));
        assert_eq!(left, [0; 2]);
        let told: usize = out.iter().filter(|line| line.message == "victims").map(|line| named(line).len()).sum();
        assert_eq!(told, 10, "{:?}", said(&out));
        // Of 2,500 at once 256 are named in the line that opens, 2,048 in eight more, and the others are counted and left to the next.
        let panes: Vec<Attachment> = (0..10).map(|number| pane(&pack, number * 250..(number + 1) * 250)).collect();
        let (mut incidents, mut out) = (Incidents::default(), Vec::new());
        assert_eq!(hold(&mut incidents, &panes, 2, &mut out), 2_500 - 256 - 2_048);
        assert_eq!(hold(&mut incidents, &panes, 3, &mut out), 0);
        assert_eq!(out.iter().flat_map(named).collect::<BTreeSet<String>>().len(), 2_500);
    }
}
