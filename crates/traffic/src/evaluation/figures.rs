//! From counts to figures: shares, quantiles, rates with their bound.

use std::collections::BTreeMap;

use serde::Serialize;
use statrs::distribution::{ContinuousCDF as _, Gamma};

use crate::truth::Grade;

/// Rates are per this many subscribers a day.
pub const PER_SUBSCRIBERS: f64 = 100_000.0;

/// How much was watched.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Exposure {
    /// Own subscribers of the records.
    pub subscribers: u64,
    /// Days of records.
    pub days: f64,
}

/// Figures by pattern and of the whole pack.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// How much was watched, where it is known.
    pub exposure: Option<Exposure>,
    /// Patterns: episodes by the pattern that should find them, incidents by the pattern that opened them.
    pub patterns: BTreeMap<String, Figures>,
    /// The same of patterns in shadow, which are no part of the pack's figures.
    pub shadow: BTreeMap<String, Figures>,
    /// The whole pack.
    pub pack: Figures,
    /// Look-alikes by class.
    pub look_alikes: BTreeMap<String, ClassFigures>,
    /// False incidents, the first few of each pattern, also of those in shadow.
    pub false_incidents: Vec<FalseIncident>,
    /// Episodes that no incident of a live pattern stands for.
    pub missed: Vec<Missed>,
}

/// Figures of one pattern, or of the pack.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// By grade: planted and found.
    pub episodes: BTreeMap<Grade, Found>,
    /// Incidents that stand for an episode, one each.
    pub incidents_true: u64,
    /// Further incidents on an episode that was found already.
    pub incidents_duplicate: u64,
    /// Incidents that stand for no episode.
    pub incidents_false: u64,
    /// True and duplicate over all; 1 where there is none.
    pub precision: f64,
    /// Found over planted, easy and medium.
    pub recall_easy_medium: f64,
    /// Found over planted, all grades.
    pub recall: f64,
    /// Incidents of any pattern on the found episodes, over these.
    pub incidents_per_episode: Option<f64>,
    /// Alerts that the relay makes of these incidents, over the found episodes, where it is known.
    pub alerts_per_episode: Option<f64>,
    /// Those that are left when what a later incident joins has become one.
    pub alerts_left_per_episode: Option<f64>,
    /// From an episode's first record to the judgement that opened the incident, in event time; where that is not known, to the
    /// newest event that the incident knew.
    pub detection_s: Option<Quantiles>,
    /// From the newest event that the incident knew when it opened to the judgement: how long it waited for the end of its
    /// pane. None where it is not known when it was judged.
    pub judgement_s: Option<Quantiles>,
    /// False incidents per 100,000 subscribers a day.
    pub false_rate: Option<Rate>,
    /// Look-alikes that an incident names.
    pub look_alikes_hit: Vec<String>,
}

impl Figures {
    /// All incidents.
    #[must_use]
    pub const fn incidents(&self) -> u64 {
        self.incidents_true + self.incidents_duplicate + self.incidents_false
    }
}

/// Planted and found, of one grade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Found {
    /// Episodes planted.
    pub planted: u64,
    /// Episodes found.
    pub found: u64,
    /// Found over planted.
    pub recall: f64,
    /// As [`Figures::detection_s`].
    pub detection_s: Option<Quantiles>,
}

/// Seconds, by nearest rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// Half are at most this.
    pub median: i64,
    /// Nine of ten are at most this.
    pub p90: i64,
}

/// Incidents per 100,000 subscribers a day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// As counted.
    pub per_100k_day: f64,
    /// Exact one-sided 95 % upper bound of the Poisson rate.
    pub upper_95: f64,
}

/// A look-alike class.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ClassFigures {
    /// Members in the truth.
    pub members: u64,
    /// Members that an incident of any pattern names.
    pub hit: u64,
    /// Hit over members.
    pub share: f64,
    /// Members hit, by pattern.
    pub by_pattern: BTreeMap<String, u64>,
}

/// An incident that stands for no episode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FalseIncident {
    /// Its id, by which its line is found.
    pub incident_id: String,
    /// Pattern that opened it.
    pub pattern: String,
    /// Type of its entity.
    pub entity: String,
    /// First event.
    pub first_event: String,
    /// What it is on.
    pub on: String,
}

/// An episode that was not found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// Its id in the truth.
    pub id: String,
    /// Pattern that should find it.
    pub pattern: String,
    /// Grade.
    pub grade: Grade,
    /// Country.
    pub country: String,
    /// First record, milliseconds since the Unix epoch.
    pub first_ms: i64,
}

/// Exact one-sided 95 % upper bound of a Poisson mean, given `count` events (Garwood 1936): the mean at which so few
/// have a probability of 5 %, which is a quantile of the gamma distribution. With no event it is 3.0.
#[must_use]
pub fn poisson_upper_95(count: u64) -> f64 {
    // The shape is at least one and the rate one: such a distribution exists.
    Gamma::new(count as f64 + 1.0, 1.0).map_or(f64::INFINITY, |gamma| gamma.inverse_cdf(0.95))
}

/// Counts of one pattern, or of the pack.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    grades: BTreeMap<Grade, GradeTally>,
    incidents_true: u64,
    incidents_duplicate: u64,
    pub(super) incidents_false: u64,
    on_episodes: u64,
    pub(super) alerts_on_episodes: u64,
    pub(super) alerts_left_on_episodes: u64,
    judgement_s: Vec<i64>,
    pub(super) look_alikes_hit: Vec<String>,
}

/// When an incident found its episode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Since the episode's first record.
    pub(super) from_first_s: Option<i64>,
    /// Since the newest event that it knew.
    pub(super) from_newest_s: Option<i64>,
}

#[derive(Clone, Debug, Default)]
struct GradeTally {
    planted: u64,
    found: u64,
    times_s: Vec<i64>,
}

impl Tally {
    pub(super) fn planted(&mut self, grade: Grade) {
        self.grades.entry(grade).or_default().planted += 1;
    }

    /// An incident of this pattern on an episode, the first or a further one.
    pub(super) fn incident_on_episode(&mut self, first: bool) {
        if first { self.incidents_true += 1 } else { self.incidents_duplicate += 1 }
    }

    /// An incident on an episode of this pattern. Times are there for the one that finds it.
    pub(super) fn episode(&mut self, grade: Grade, times: Option<&Times>) {
        self.on_episodes += 1;
        let Some(times) = times else { return };
        self.judgement_s.extend(times.from_newest_s);
        let grade = self.grades.entry(grade).or_default();
        grade.found += 1;
        grade.times_s.extend(times.from_first_s);
    }

    pub(super) fn figures(&self, exposure: Option<Exposure>) -> Figures {
        let all = self.incidents_true + self.incidents_duplicate + self.incidents_false;
        let (_, found) = self.planted_and_found(|_| true);
        let times_s = self.grades.values().flat_map(|grade| grade.times_s.iter().copied()).collect();
        Figures {
            episodes: self.grades.iter().map(|(grade, tally)| (*grade, tally.found())).collect(),
            incidents_true: self.incidents_true,
            incidents_duplicate: self.incidents_duplicate,
            incidents_false: self.incidents_false,
            precision: share(all - self.incidents_false, all),
            recall_easy_medium: self.recall(|grade| matches!(grade, Grade::Easy | Grade::Medium)),
            recall: self.recall(|_| true),
            incidents_per_episode: (found > 0).then(|| self.on_episodes as f64 / found as f64),
            alerts_per_episode: (self.alerts_on_episodes > 0).then(|| self.alerts_on_episodes as f64 / found as f64),
            alerts_left_per_episode: (self.alerts_left_on_episodes > 0)
                .then(|| self.alerts_left_on_episodes as f64 / found as f64),
            detection_s: quantiles(times_s),
            judgement_s: quantiles(self.judgement_s.clone()),
            false_rate: exposure.map(|exposure| rate(self.incidents_false, exposure)),
            look_alikes_hit: self.look_alikes_hit.clone(),
        }
    }

    fn planted_and_found(&self, of: impl Fn(Grade) -> bool) -> (u64, u64) {
        let grades = self.grades.iter().filter(|(grade, _)| of(**grade));
        grades.fold((0, 0), |sum, (_, grade)| (sum.0 + grade.planted, sum.1 + grade.found))
    }

    fn recall(&self, of: impl Fn(Grade) -> bool) -> f64 {
        let (planted, found) = self.planted_and_found(of);
        share(found, planted)
    }
}

impl GradeTally {
    fn found(&self) -> Found {
        Found {
            planted: self.planted,
            found: self.found,
            recall: share(self.found, self.planted),
            detection_s: quantiles(self.times_s.clone()),
        }
    }
}

/// Counts of a look-alike class.
#[derive(Clone, Debug, Default)]
pub(super) struct ClassTally {
    pub(super) members: u64,
    hit: u64,
    by_pattern: BTreeMap<String, u64>,
}

impl ClassTally {
    /// A member is hit by a pattern; `first` if by no other before.
    pub(super) fn hit(&mut self, pattern: &str, first: bool) {
        self.hit += u64::from(first);
        *self.by_pattern.entry(pattern.to_owned()).or_default() += 1;
    }

    pub(super) fn figures(&self) -> ClassFigures {
        ClassFigures {
            members: self.members,
            hit: self.hit,
            share: if self.members == 0 { 0.0 } else { self.hit as f64 / self.members as f64 },
            by_pattern: self.by_pattern.clone(),
        }
    }
}

/// 1 where the whole is nothing.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

fn rate(count: u64, exposure: Exposure) -> Rate {
    let per = PER_SUBSCRIBERS / (exposure.subscribers as f64 * exposure.days);
    Rate { per_100k_day: count as f64 * per, upper_95: poisson_upper_95(count) * per }
}

fn quantiles(mut seconds: Vec<i64>) -> Option<Quantiles> {
    seconds.sort_unstable();
    let at = |share: f64| seconds.get(((seconds.len() as f64 * share).ceil() as usize).saturating_sub(1)).copied();
    Some(Quantiles { median: at(0.5)?, p90: at(0.9)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures of published tables of exact Poisson limits (one-sided 95 %), and the definition itself.
    #[test]
    fn the_poisson_bound_is_exact() {
        for (count, expected) in [(0, 2.9957), (1, 4.7439), (2, 6.2958), (5, 10.5130), (10, 16.9622), (20, 29.0620)] {
            assert!((poisson_upper_95(count) - expected).abs() < 5e-4, "{count}: {}", poisson_upper_95(count));
        }
        for count in [0, 3, 30, 300] {
            let mean: f64 = poisson_upper_95(count);
            let mut term = (-mean).exp();
            let mut at_most = term;
            for event in 1..=count {
                term *= mean / event as f64;
                at_most += term;
            }
            assert!((at_most - 0.05).abs() < 1e-6, "{count}: {at_most}");
        }
    }

    #[test]
    fn quantiles_are_by_nearest_rank() {
        assert_eq!(quantiles(vec![]), None);
        assert_eq!(quantiles(vec![7]), Some(Quantiles { median: 7, p90: 7 }));
        assert_eq!(quantiles((1..=10).rev().collect()), Some(Quantiles { median: 5, p90: 9 }));
    }
}
