//! Incidents against ground truth: recall, precision, time to detection, false incidents, look-alikes.
//!
//! Rules:
//! - an incident stands for an episode if it names one of the episode's entities, comes from a pattern that the truth
//!   accepts for it (its own, or one of `accepts`) and overlaps it in time (an hour of slack behind it);
//! - the first one finds the episode, further ones are duplicates;
//! - every other incident is false: on a look-alike, on an episode by a pattern that is not accepted for it, or on
//!   nothing that was planted;
//! - a line of the truth of grade `benign` is one member of its look-alike class; an incident of any pattern hits it;
//! - incidents of patterns in shadow are judged by themselves: they find and hit nothing for the pack;
//! - where it is known into which alerts the relay makes the incidents ([`Beside`]), the alerts of an episode are counted too;
//! - an episode is found when the incident was judged, where that is known, else at the newest event that it knew;
//! - runs are added up as counts ([`Evaluation::add`]), so that one number in two runs is two subscribers.

mod figures;
mod lines;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use figures::{
    ClassFigures, Exposure, FalseIncident, Figures, Found, Missed, PER_SUBSCRIBERS, Quantiles, Rate, Report,
    poisson_upper_95,
};
pub use lines::{Beside, Incident, LineError, read_incidents, read_truth};

use crate::truth::{Grade, Truth};
use figures::{ClassTally, Tally, Times};

/// Slack behind an episode in which an incident still stands for it.
const SLACK_MS: i64 = 3_600_000;
/// False incidents of one pattern that are kept to be looked at.
const FALSE_SHOWN: usize = 20;

/// Compares the incidents of one run with its ground truth.
#[must_use]
pub fn evaluate(incidents: &[Incident], truth: &[Truth]) -> Report {
    let mut evaluation = Evaluation::default();
    evaluation.add(incidents, truth, &Beside::default());
    evaluation.report(None)
}

/// Counts over one or several runs.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    patterns: BTreeMap<String, Tally>,
    pack: Tally,
    look_alikes: BTreeMap<String, ClassTally>,
    false_incidents: Vec<FalseIncident>,
    missed: Vec<Missed>,
    /// All incidents in shadow, against the same truth.
    shadow: Option<Box<Self>>,
}

/// What an incident is, held against the truth.
enum Standing<'t> {
    Episode(&'t Truth),
    /// On an episode, by a pattern that is not accepted for it.
    NotAccepted(&'t Truth),
    LookAlike(&'t Truth),
    Nothing,
}

impl Evaluation {
    /// Adds a run: its incidents (the `open` lines count), its ground truth, and what else is known of the incidents.
    pub fn add(&mut self, incidents: &[Incident], truth: &[Truth], beside: &Beside) {
        let opened = |shadow: bool| {
            let of_mode = move |incident: &&Incident| incident.message == "open" && incident.is_shadow() == shadow;
            incidents.iter().filter(of_mode)
        };
        self.add_opened(opened(false), truth, beside);
        self.shadow.get_or_insert_default().add_opened(opened(true), truth, &Beside::default());
    }

    fn add_opened<'i>(&mut self, opened: impl Iterator<Item = &'i Incident>, truth: &[Truth], beside: &Beside) {
        self.planted(truth);
        let index = Index::new(truth);
        let mut found = BTreeSet::new();
        let (mut alerted, mut left_over) = (BTreeSet::new(), BTreeSet::new());
        let mut hit = BTreeSet::new();
        for incident in opened {
            let id = incident.pattern();
            match index.standing(incident, &found) {
                Standing::Episode(episode) => {
                    let first = found.insert(episode.id.as_str());
                    if episode.elsewhere {
                        continue;
                    }
                    self.of(id).incident_on_episode(first);
                    self.pack.incident_on_episode(first);
                    let times = first.then(|| Times::of(incident, episode, beside));
                    self.of(&episode.pattern).episode(episode.grade, times.as_ref());
                    self.pack.episode(episode.grade, times.as_ref());
                    let id = &incident.incident_id;
                    if let (Some(alert), Some(left)) = (beside.alert_of.get(id), beside.left_of.get(id)) {
                        let opened = u64::from(alerted.insert((episode.id.as_str(), alert.as_str())));
                        let left = u64::from(left_over.insert((episode.id.as_str(), left.as_str())));
                        for tally in [self.patterns.entry(episode.pattern.clone()).or_default(), &mut self.pack] {
                            tally.alerts_on_episodes += opened;
                            tally.alerts_left_on_episodes += left;
                        }
                    }
                }
                Standing::LookAlike(member) => {
                    self.wrong(incident, &format!("look-alike `{}` of class {}", member.id, member.class));
                    if hit.insert((member.id.as_str(), id.to_owned())) {
                        let first = hit.iter().filter(|(other, _)| *other == member.id).count() == 1;
                        self.look_alikes.entry(member.class.clone()).or_default().hit(id, first);
                        self.of(id).look_alikes_hit.push(member.id.clone());
                        self.pack.look_alikes_hit.extend(first.then(|| member.id.clone()));
                    }
                }
                Standing::NotAccepted(episode) => {
                    let why = format!("episode `{}`, which accepts {}", episode.id, accepted(episode).join(", "));
                    self.wrong(incident, &why);
                }
                Standing::Nothing => self.wrong(incident, "nothing that was planted"),
            }
        }
        let planted = truth.iter().filter(|line| !line.elsewhere && line.grade != Grade::Benign);
        self.missed.extend(planted.filter(|line| !found.contains(line.id.as_str())).map(|line| Missed {
            id: line.id.clone(),
            pattern: line.pattern.clone(),
            grade: line.grade,
            country: line.country.clone(),
            first_ms: line.first_ms,
        }));
    }

    /// Figures of all that was added; rates only where it is known how many subscribers were watched for how long.
    #[must_use]
    pub fn report(&self, exposure: Option<Exposure>) -> Report {
        let figures = |of: &Self| -> BTreeMap<String, Figures> {
            of.patterns.iter().map(|(id, tally)| (id.clone(), tally.figures(exposure))).collect()
        };
        let (mut patterns, mut shadow) = (figures(self), self.shadow.as_deref().map(figures).unwrap_or_default());
        shadow.retain(|_, figures| figures.incidents() > 0);
        // Planted episodes of a pattern that is in shadow are missed by the pack, and found or not in its own row.
        patterns.retain(|id, figures| figures.incidents() > 0 || !shadow.contains_key(id));
        let wrong = self.shadow.iter().flat_map(|shadow| &shadow.false_incidents);
        Report {
            exposure,
            patterns,
            shadow,
            pack: self.pack.figures(exposure),
            look_alikes: self.look_alikes.iter().map(|(class, tally)| (class.clone(), tally.figures())).collect(),
            false_incidents: self.false_incidents.iter().chain(wrong).cloned().collect(),
            missed: self.missed.clone(),
        }
    }

    fn planted(&mut self, truth: &[Truth]) {
        for line in truth.iter().filter(|line| !line.elsewhere) {
            if line.grade == Grade::Benign {
                self.look_alikes.entry(line.class.clone()).or_default().members += 1;
            } else {
                self.of(&line.pattern).planted(line.grade);
                self.pack.planted(line.grade);
            }
        }
    }

    fn of(&mut self, pattern: &str) -> &mut Tally {
        self.patterns.entry(pattern.to_owned()).or_default()
    }

    fn wrong(&mut self, incident: &Incident, on: &str) {
        let id = incident.pattern();
        self.pack.incidents_false += 1;
        let tally = self.of(id);
        tally.incidents_false += 1;
        if tally.incidents_false <= FALSE_SHOWN as u64 {
            self.false_incidents.push(FalseIncident {
                incident_id: incident.incident_id.clone(),
                pattern: id.to_owned(),
                entity: incident.entity.entity_type.clone(),
                first_event: incident.first_event.clone(),
                on: on.to_owned(),
            });
        }
    }
}

impl Times {
    fn of(incident: &Incident, episode: &Truth, beside: &Beside) -> Self {
        let known_ms = incident.last_ms();
        let judged_ms = beside.judged_ms.get(&incident.incident_id).copied();
        let found_ms = judged_ms.or(known_ms);
        Self {
            from_first_s: found_ms.map(|found_ms| (found_ms - episode.first_ms) / 1000),
            from_newest_s: judged_ms.zip(known_ms).map(|(judged_ms, known_ms)| (judged_ms - known_ms) / 1000),
        }
    }
}

/// Lines of the truth by the entities that they name.
struct Index<'t> {
    by_entity: HashMap<(&'t str, &'t str), Vec<&'t Truth>>,
}

impl<'t> Index<'t> {
    fn new(truth: &'t [Truth]) -> Self {
        let mut by_entity: HashMap<_, Vec<&Truth>> = HashMap::new();
        for line in truth {
            for (entity, value) in &line.entities {
                by_entity.entry((entity.as_str(), value.as_str())).or_default().push(line);
            }
        }
        Self { by_entity }
    }

    fn standing(&self, incident: &Incident, found: &BTreeSet<&str>) -> Standing<'t> {
        let named = self.by_entity.get(&(incident.entity.entity_type.as_str(), incident.entity.value.as_str()));
        let named: Vec<&Truth> = named.into_iter().flatten().copied().filter(|line| overlaps(incident, line)).collect();
        let planted = || named.iter().copied().filter(|line| line.grade != Grade::Benign);
        let accepting = planted().filter(|line| incident.pattern_ids().any(|id| accepted(line).contains(&id)));
        // Of two episodes on one entity the one that was not found yet comes first.
        if let Some(episode) = accepting.min_by_key(|line| found.contains(line.id.as_str())) {
            return Standing::Episode(episode);
        }
        if let Some(episode) = planted().next() {
            return Standing::NotAccepted(episode);
        }
        named.first().map_or(Standing::Nothing, |member| Standing::LookAlike(member))
    }
}

/// Patterns that the truth accepts for an episode.
fn accepted(episode: &Truth) -> Vec<&str> {
    let mut accepted = vec![episode.pattern.as_str()];
    accepted.extend(episode.accepts.iter().map(String::as_str).filter(|id| *id != episode.pattern));
    accepted
}

fn overlaps(incident: &Incident, line: &Truth) -> bool {
    let (Some(first), Some(last)) = (incident.first_ms(), incident.last_ms()) else { return false };
    first <= line.last_ms + SLACK_MS && last >= line.first_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, message: &str, pattern: &str, value: &str, first: &str) -> String {
        format!(
            r#"{{"incident_id":"{id}","message":"{message}","patterns":["{pattern}@1"],"entity":{{"type":"caller","value":"{value}"}},"first_event":"{first}","last_event":"{first}"}}"#
        )
    }

    fn burst(id: &str, message: &str, value: &str, first: &str) -> String {
        line(id, message, "sim-box-burst", value, first)
    }

    fn episode(id: &str, grade: Grade, value: &str) -> Truth {
        Truth {
            id: id.to_owned(),
            pattern: "sim-box-burst".to_owned(),
            accepts: Vec::new(),
            grade,
            class: "sim-box".to_owned(),
            country: "KH".to_owned(),
            entities: vec![("caller".to_owned(), value.to_owned())],
            first_ms: 1_763_110_931_000,
            last_ms: 1_763_118_131_000,
            records: 9,
            ..Truth::default()
        }
    }

    const AT: &str = "2025-11-14T09:02:21.000Z";

    #[test]
    fn what_is_in_shadow_is_judged_and_counts_for_nobody_else() {
        let shadow = |line: String| line.replace("\"message\"", "\"mode\":\"shadow\",\"message\"");
        let text = [
            shadow(burst("a", "open", "+1", AT)),
            shadow(burst("b", "open", "+2", AT)),
            shadow(burst("c", "open", "+9", AT)),
            line("d", "open", "robocall", "+9", AT),
        ]
        .join("\n");
        let truth = [episode("x", Grade::Easy, "+1"), episode("y", Grade::Benign, "+2")];
        let mut evaluation = Evaluation::default();
        evaluation.add(&read_incidents("").unwrap(), &truth, &Beside::default());
        evaluation.add(&read_incidents(&text).unwrap(), &truth, &Beside::default());
        let report = evaluation.report(None);
        let figures = &report.shadow["sim-box-burst"];
        assert_eq!((figures.incidents_true, figures.incidents_false, figures.recall), (1, 2, 0.5));
        assert_eq!(figures.look_alikes_hit, ["y"]);
        assert_eq!((report.shadow.len(), report.patterns.contains_key("sim-box-burst")), (1, false));
        assert_eq!((report.pack.incidents_true, report.pack.incidents_false, report.pack.recall), (0, 1, 0.0));
        assert!(report.pack.look_alikes_hit.is_empty() && report.look_alikes["sim-box"].hit == 0);
        // Nothing is in shadow where no line says so.
        assert!(evaluate(&read_incidents(&burst("a", "open", "+1", AT)).unwrap(), &truth).shadow.is_empty());
    }

    #[test]
    fn true_duplicate_false_and_look_alike_are_told_apart() {
        let text = [
            burst("a", "open", "+1", AT),
            burst("a", "close", "+1", AT),
            burst("b", "open", "+1", AT),
            burst("c", "open", "+2", AT),
            burst("d", "open", "+9", AT),
            burst("e", "open", "+1", "2025-11-20T09:02:21.000Z"),
        ]
        .join("\n");
        let truth =
            [episode("x", Grade::Easy, "+1"), episode("y", Grade::Benign, "+2"), episode("z", Grade::Medium, "+3")];
        let report = evaluate(&read_incidents(&text).unwrap(), &truth);
        let pattern = &report.patterns["sim-box-burst"];
        assert_eq!((pattern.incidents_true, pattern.incidents_duplicate, pattern.incidents_false), (1, 1, 3));
        assert_eq!((pattern.recall_easy_medium, pattern.precision), (0.5, 0.4));
        assert_eq!(pattern.detection_s, Some(Quantiles { median: 10, p90: 10 }));
        assert_eq!(pattern.look_alikes_hit, ["y"]);
        assert_eq!(pattern.incidents_per_episode, Some(2.0));
        let class = &report.look_alikes["sim-box"];
        assert_eq!((class.members, class.hit, class.share), (1, 1, 1.0));
        let on: Vec<&str> = report.false_incidents.iter().map(|found| found.on.as_str()).collect();
        assert_eq!(on, ["look-alike `y` of class sim-box", "nothing that was planted", "nothing that was planted"]);
        assert_eq!(report.pack.incidents_false, 3);
        assert_eq!(pattern.false_rate, None, "without subscribers and days there is no rate");
    }

    #[test]
    fn an_accepted_pattern_finds_and_a_further_one_is_a_duplicate() {
        let text = [line("a", "open", "robocall", "+1", AT), burst("b", "open", "+1", AT)].join("\n");
        let mut planted = episode("x", Grade::Hard, "+1");
        let report = evaluate(&read_incidents(&text).unwrap(), std::slice::from_ref(&planted));
        assert_eq!((report.pack.incidents_true, report.pack.incidents_false), (1, 1));
        assert_eq!(report.false_incidents[0].on, "episode `x`, which accepts sim-box-burst");

        planted.accepts = vec!["robocall".to_owned(), "sim-box-burst".to_owned()];
        let report = evaluate(&read_incidents(&text).unwrap(), &[planted]);
        assert_eq!((report.pack.incidents_true, report.pack.incidents_duplicate), (1, 1));
        assert_eq!(report.pack.incidents_false, 0);
        // The episode is found for its own pattern, whoever found it; precision goes to who spoke.
        assert_eq!(report.patterns["sim-box-burst"].episodes[&Grade::Hard].recall, 1.0);
        assert_eq!(report.patterns["robocall"].incidents_true, 1);
        assert_eq!(report.patterns["sim-box-burst"].incidents_duplicate, 1);
        assert_eq!(report.patterns["sim-box-burst"].incidents_per_episode, Some(2.0));
    }

    #[test]
    fn runs_are_added_up_and_a_number_in_two_of_them_is_two_subscribers() {
        let truth = [episode("x", Grade::Easy, "+1"), episode("y", Grade::Benign, "+2")];
        let hit = read_incidents(&[burst("a", "open", "+1", AT), burst("b", "open", "+2", AT)].join("\n")).unwrap();
        let mut evaluation = Evaluation::default();
        evaluation.add(&hit, &truth, &Beside::default());
        evaluation.add(&[], &truth, &Beside::default());
        let report = evaluation.report(Some(Exposure { subscribers: 200_000, days: 5.0 }));
        let found = report.patterns["sim-box-burst"].episodes[&Grade::Easy];
        assert_eq!((found.planted, found.found, found.recall), (2, 1, 0.5));
        let class = &report.look_alikes["sim-box"];
        assert_eq!((class.members, class.hit, class.share), (2, 1, 0.5));
        // One false incident in a million subscriber-days.
        let rate = report.pack.false_rate.unwrap();
        assert!((rate.per_100k_day - 0.1).abs() < 1e-9 && (rate.upper_95 - 0.474_386).abs() < 1e-5, "{rate:?}");
    }

    #[test]
    fn alerts_of_an_episode_are_counted_once_each_and_the_judgement_is_when_it_was_found() {
        let text =
            [burst("a", "open", "+1", AT), burst("b", "open", "+1", AT), burst("c", "open", "+3", AT)].join("\n");
        let truth =
            [episode("x", Grade::Easy, "+1"), episode("y", Grade::Hard, "+3"), episode("z", Grade::Medium, "+4")];
        let pairs = [("a", "one"), ("b", "two"), ("c", "one")];
        let at_ms = 1_763_110_941_000;
        let beside = Beside {
            alert_of: pairs.map(|(incident, alert)| (incident.to_owned(), alert.to_owned())).into(),
            left_of: ["a", "b", "c"].map(|incident| (incident.to_owned(), "one".to_owned())).into(),
            judged_ms: [("a".to_owned(), at_ms + 30_000), ("c".to_owned(), at_ms)].into(),
        };
        let mut evaluation = Evaluation::default();
        evaluation.add(&read_incidents(&text).unwrap(), &truth, &beside);
        let report = evaluation.report(None);
        let pack = &report.pack;
        assert_eq!((pack.incidents_per_episode, pack.alerts_per_episode), (Some(1.5), Some(1.5)));
        assert_eq!(pack.alerts_left_per_episode, Some(1.0));
        // 09:02:21 is ten seconds after the first record; one was judged half a minute later.
        assert_eq!(pack.episodes[&Grade::Easy].detection_s, Some(Quantiles { median: 40, p90: 40 }));
        assert_eq!(pack.episodes[&Grade::Hard].detection_s, Some(Quantiles { median: 10, p90: 10 }));
        assert_eq!(pack.judgement_s, Some(Quantiles { median: 0, p90: 30 }));
        assert_eq!(report.missed.iter().map(|missed| missed.id.as_str()).collect::<Vec<_>>(), ["z"]);
        // Unknown alerts are not none.
        let mut evaluation = Evaluation::default();
        evaluation.add(&read_incidents(&text).unwrap(), &truth, &Beside::default());
        assert_eq!(evaluation.report(None).pack.alerts_per_episode, None);
    }

    #[test]
    fn a_member_hit_by_two_patterns_is_one_member() {
        let text =
            [burst("a", "open", "+2", AT), burst("b", "open", "+2", AT), line("c", "open", "robocall", "+2", AT)]
                .join("\n");
        let report = evaluate(&read_incidents(&text).unwrap(), &[episode("y", Grade::Benign, "+2")]);
        let class = &report.look_alikes["sim-box"];
        assert_eq!((class.hit, class.by_pattern["robocall"], class.by_pattern["sim-box-burst"]), (1, 1, 1));
        assert_eq!((report.pack.incidents_false, report.pack.look_alikes_hit.len()), (3, 1));
    }
}
