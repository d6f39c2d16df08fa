//! Crowds: how many subscribers share what an alert tells of one, and what is left out where they are too few.
//!
//! Masks, the network of a SIM, the type of a device, the place and the time of an alert are each shared by many people, and
//! together perhaps by one. So the policy table names how many must share all of it (`k_min`), and the producer counts its own
//! subscribers beforehand ([`Count`], `lancang crowds`).
//!
//! Rules:
//! - a **crowd** is the own subscribers who have a number of this mask, a SIM of this network, a device of this type, and were
//!   heard in this place in this hour of the day; each may be left open. Only crowds of at least so many are in the table;
//! - an alert's numbers, SIMs, devices and its place are taken as one person's, whichever of them belong together. Where a
//!   crowd that they make is not in the table, a device's type goes first, then the place becomes its area, then its country
//!   alone. Without a table nothing of either leaves;
//! - a number's or a SIM's mask alone hides four digits at least, and needs no table;
//! - what an earlier revision told counts as told: a type or a place that it did not tell is told later only if it also fits
//!   what it did tell, and a place never becomes finer;
//! - times are as they are, to the millisecond: an alert arrives a second after its event, whatever it says, and a desk acts by
//!   it. So the place is one that enough people were heard in *within that hour*.
//! - what other alerts told of the same numbers, SIMs and devices counts as told in the same way ([`crate::known`]): the token
//!   joins them for every reader.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;

use lancang_numbering::NumberPlans;

use crate::alert::{Alert, Entity, Place};
use crate::desk::Desk;
use crate::known::Facts;
use crate::limits::{CROWDS_COUNTED_MAX, CROWDS_MAX, TABLE_MISTAKES_MAX};
use crate::mask::mask;
use crate::place::{Site, rounded};

/// Columns of the table.
const HEADER: [&str; 6] = ["number", "network", "tac", "place", "hour", "subscribers"];
/// Stands between the parts of a crowd's name.
const AND: char = '|';

/// What of a crowd's members is the same; empty is open.
#[derive(Clone, Copy, Debug, Default)]
struct Shared<'a> {
    /// Visible digits of a number, with `+`.
    number: &'a str,
    /// Visible digits of an IMSI.
    network: &'a str,
    tac: &'a str,
    place: &'a str,
    /// Hour of the day in UTC, two digits; open where the place is.
    hour: &'a str,
}

impl Shared<'_> {
    fn name(&self) -> String {
        let Self { number, network, tac, place, hour } = *self;
        [number, network, tac, place, if place.is_empty() { "" } else { hour }].join(AND.to_string().as_str())
    }
}

/// A table of crowds.
#[derive(Clone, Debug, Default)]
pub struct Crowds(HashMap<String, u32>);

/// What is wrong with a table of crowds: its line, and what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {expected}")]
pub struct CrowdError {
    /// Line, from 1.
    pub line: usize,
    /// What was expected.
    pub expected: &'static str,
}

impl Crowds {
    /// Reads a table, as [`Count::write`] writes it.
    ///
    /// # Errors
    /// Every line that is wrong, up to [`TABLE_MISTAKES_MAX`].
    pub fn read(bytes: impl Read) -> Result<Self, Vec<CrowdError>> {
        let (mut crowds, mut errors) = (HashMap::new(), Vec::new());
        let mut rows = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        for (index, row) in rows.records().enumerate() {
            let read = row.map_err(|_| "expected columns separated by commas, in UTF-8").and_then(|row| {
                let columns: Vec<&str> = row.iter().collect();
                if index == 0 {
                    return (columns == HEADER).then_some(()).ok_or("expected the header of `lancang crowds`");
                }
                let [number, network, tac, place, hour, subscribers] = columns[..] else {
                    return Err("expected six columns");
                };
                let subscribers = subscribers.parse().map_err(|_| "expected a number in the column `subscribers`")?;
                if crowds.len() >= CROWDS_MAX {
                    return Err("expected at most 5,000,000 crowds: count them with a larger `--at-least`");
                }
                crowds.insert(Shared { number, network, tac, place, hour }.name(), subscribers);
                Ok(())
            });
            if let Err(expected) = read {
                errors.push(CrowdError { line: index + 1, expected });
            }
            if errors.len() >= TABLE_MISTAKES_MAX {
                break;
            }
        }
        if errors.is_empty() { Ok(Self(crowds)) } else { Err(errors) }
    }

    /// Number of crowds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn holds(&self, shared: &Shared<'_>, least: u32) -> bool {
        (shared.tac.is_empty() && shared.place.is_empty())
            || self.0.get(&shared.name()).is_some_and(|has| *has >= least)
    }
}

/// A subscriber as a record shows one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sighting<'a> {
    /// Own number, clear.
    pub number: &'a str,
    /// IMSI, clear; empty if it is not there.
    pub imsi: &'a str,
    /// IMEI, clear; empty if it is not there.
    pub imei: &'a str,
    /// Where.
    pub site: Option<&'a Site>,
    /// Hour of the day, UTC.
    pub hour: u32,
}

/// Counts crowds. Of each the first so many members are remembered, by their numbers: in memory alone.
#[derive(Debug)]
pub struct Count {
    least: usize,
    crowds: HashMap<String, Vec<u64>>,
    left_out: u64,
}

impl Count {
    /// None yet; those of at least so many will be written.
    #[must_use]
    pub fn new(least: u32) -> Self {
        Self { least: least as usize, crowds: HashMap::new(), left_out: 0 }
    }

    /// Takes what a record shows of an own subscriber.
    pub fn add(&mut self, plans: &NumberPlans, sighting: &Sighting<'_>) {
        let Ok(member) = sighting.number.trim_start_matches('+').parse::<u64>() else { return };
        let number = mask(plans, "caller", sighting.number).prefix.unwrap_or_default();
        let network = visible(&mask(plans, "sim", sighting.imsi).masked.unwrap_or_default());
        let tac = mask(plans, "device", sighting.imei).tac.unwrap_or_default();
        let hour = format!("{:02}", sighting.hour);
        let mut places = vec![String::new()];
        places.extend(sighting.site.into_iter().flat_map(|site| {
            let (square, area) = (square(rounded(site.latitude), rounded(site.longitude)), area_of_site(site));
            [Some(square), area].into_iter().flatten()
        }));
        let open = |value: &str| -> Vec<String> {
            if value.is_empty() { vec![String::new()] } else { vec![String::new(), value.to_owned()] }
        };
        for (number, network) in
            open(&number).iter().flat_map(|number| open(&network).into_iter().map(move |network| (number, network)))
        {
            for (tac, place) in open(&tac).iter().flat_map(|tac| places.iter().map(move |place| (tac, place))) {
                if tac.is_empty() && place.is_empty() {
                    continue;
                }
                self.count(Shared { number, network: &network, tac, place, hour: &hour }.name(), member);
            }
        }
    }

    fn count(&mut self, name: String, member: u64) {
        let is_full = self.crowds.len() >= CROWDS_COUNTED_MAX;
        match self.crowds.get_mut(&name) {
            Some(members) if members.len() >= self.least || members.contains(&member) => {}
            Some(members) => members.push(member),
            None if is_full => self.left_out += 1,
            None => drop(self.crowds.insert(name, vec![member])),
        }
    }

    /// Sightings of crowds that were not counted, because there were too many: they count as too small.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Writes the table, sorted: crowds of at least so many, each with that number. Gives how many there are.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, out: impl std::io::Write) -> csv::Result<usize> {
        let mut rows = csv::Writer::from_writer(out);
        rows.write_record(HEADER)?;
        let large = self.crowds.iter().filter(|(_, members)| members.len() >= self.least);
        let names: BTreeSet<&String> = large.map(|(name, _)| name).collect();
        let least = self.least.to_string();
        for name in &names {
            rows.write_record(name.split(AND).chain([least.as_str()]))?;
        }
        rows.flush()?;
        Ok(names.len())
    }
}

/// The digits in front of those that are hidden.
fn visible(masked: &str) -> String {
    masked.chars().take_while(char::is_ascii_digit).collect()
}

fn square(latitude: f64, longitude: f64) -> String {
    format!("{latitude:.1}/{longitude:.1}")
}

fn area_of_site(site: &Site) -> Option<String> {
    Some(format!("{}/{}", site.country.as_deref().unwrap_or_default(), site.admin1.as_ref()?))
}

/// What was left out of alerts, since the relay began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coarsened {
    /// Types of devices.
    pub tacs: u64,
    /// Alerts whose place was made coarser.
    pub places: u64,
    /// Alerts about somebody of whom more was told before than is kept: nothing finer is told.
    pub overfull: u64,
}

impl Desk {
    /// Leaves out of an alert what too few people share. `before` is its revision before, `known` what was told of whom it
    /// names.
    pub(crate) fn coarsen(&self, alert: &mut Alert, before: Option<&Alert>, known: &Facts, coarsened: &mut Coarsened) {
        let Some(least) = self.trust.policy.k_min() else { return };
        let numbers = numbers(alert).union(&known.numbers).cloned().collect();
        let networks = networks(alert).union(&known.networks).cloned().collect();
        coarsened.overfull += u64::from(known.is_overfull());
        let told = Told { crowds: &self.trust.crowds, least, numbers, networks, is_overfull: known.is_overfull() };
        let was = before.and_then(Where::of);
        let now = Where::of(alert);
        let is_told = |entity: &Entity| {
            if entity.tac.as_ref().is_some_and(|tac| known.tacs.contains(tac)) {
                return true;
            }
            let same = before.iter().flat_map(|before| &before.entities).filter(|other| other.tac.is_some());
            same.into_iter().any(|other| other.tokens().any(|token| entity.tokens().any(|own| own == token)))
        };
        for entity in alert.entities.iter_mut().filter(|entity| !is_told(entity)) {
            let Some(tac) = &entity.tac else { continue };
            let tac = BTreeSet::from([tac.clone()]);
            let everywhere = [was.as_ref(), now.as_ref()].into_iter().flatten().map(Where::name_and_hour);
            let mut everywhere =
                everywhere.chain(known.places.iter().map(|(place, hour)| (place.as_str(), hour.as_str())));
            if !told.hold(&tac, None) || !everywhere.all(|place| told.hold(&tac, Some(place))) {
                entity.tac = None;
                entity.masked = entity.masked.take().map(|masked| masked.chars().map(|_| '•').collect());
                coarsened.tacs += 1;
            }
        }
        let Some(mut now) = now else { return };
        let tacs = alert.entities.iter().filter_map(|entity| entity.tac.clone());
        let tacs: BTreeSet<String> = tacs.chain(known.tacs.iter().cloned()).collect();
        let finest = now.level;
        let was_told = before.and_then(|before| before.place.as_ref()).map(Level::of);
        now.level = was_told.map_or(now.level, |was| now.level.max(was));
        while now.level < Level::Country && !told.hold(&tacs, Some(now.name_and_hour())) {
            now.level = if now.level == Level::Square && now.area.is_some() { Level::Area } else { Level::Country };
        }
        if now.level > finest {
            coarsened.places += 1;
            alert.place.iter_mut().for_each(|place| now.level.cut(place));
            leave_out_the_cell(alert);
        }
    }
}

/// What names the cell of a place that is not told: another alert of the same cell may tell its place.
fn leave_out_the_cell(alert: &mut Alert) {
    if let Some(place) = &mut alert.place {
        place.cell = None;
    }
    alert.entities.retain(|entity| entity.about || entity.entity_type != "cell");
    if let Some(links) = &mut alert.links {
        links.keys.retain(|key| key.kind != "device-range");
    }
}

/// What an alert tells of whom it names.
pub(crate) fn told(alert: &Alert) -> Facts {
    let place = Where::of(alert).map(|place| (place.name().to_owned(), place.hour));
    Facts {
        numbers: numbers(alert),
        networks: networks(alert),
        tacs: alert.entities.iter().filter_map(|entity| entity.tac.clone()).collect(),
        places: place.into_iter().collect(),
    }
}

fn numbers(alert: &Alert) -> BTreeSet<String> {
    alert.entities.iter().filter_map(|entity| entity.prefix.clone()).collect()
}

fn networks(alert: &Alert) -> BTreeSet<String> {
    let sims = alert.entities.iter().filter(|entity| entity.entity_type == "sim");
    sims.filter_map(|sim| sim.masked.as_deref().map(visible)).filter(|network| !network.is_empty()).collect()
}

/// How finely a place is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Square,
    Area,
    Country,
}

impl Level {
    const fn of(place: &Place) -> Self {
        match (place.latitude, &place.admin1) {
            (Some(_), _) => Self::Square,
            (None, Some(_)) => Self::Area,
            (None, None) => Self::Country,
        }
    }

    /// Leaves out of a place what is finer.
    fn cut(self, place: &mut Place) {
        (place.latitude, place.longitude, place.radius_m) = (None, None, None);
        if self == Self::Country {
            place.admin1 = None;
            place.basis = "network".to_owned();
        }
    }
}

/// Where and when an alert says that somebody was.
struct Where {
    level: Level,
    square: Option<String>,
    area: Option<String>,
    hour: String,
}

impl Where {
    /// None where it tells no more than the country.
    fn of(alert: &Alert) -> Option<Self> {
        let place = alert.place.as_ref()?;
        let level = Level::of(place);
        let square = place.latitude.zip(place.longitude).map(|(latitude, longitude)| square(latitude, longitude));
        let area = place.admin1.as_ref().map(|admin1| format!("{}/{admin1}", place.country));
        let hour = alert.last_event.get(11..13).unwrap_or_default().to_owned();
        (level < Level::Country).then_some(Self { level, square, area, hour })
    }

    fn name_and_hour(&self) -> (&str, &str) {
        (self.name(), &self.hour)
    }

    fn name(&self) -> &str {
        let name = match self.level {
            Level::Square => &self.square,
            Level::Area => &self.area,
            Level::Country => &None,
        };
        name.as_deref().unwrap_or_default()
    }
}

/// What is told of people besides the types of devices and the place.
struct Told<'a> {
    crowds: &'a Crowds,
    least: u32,
    numbers: BTreeSet<String>,
    networks: BTreeSet<String>,
    /// More was told than is kept.
    is_overfull: bool,
}

impl Told<'_> {
    /// Whether enough people share each of these types with whatever else is told.
    fn hold(&self, tacs: &BTreeSet<String>, place: Option<(&str, &str)>) -> bool {
        if self.is_overfull {
            return false;
        }
        let (place, hour) = place.unwrap_or_default();
        let open = BTreeSet::from([String::new()]);
        let or_open = |set: &BTreeSet<String>| if set.is_empty() { open.clone() } else { set.clone() };
        let (numbers, networks, tacs) = (or_open(&self.numbers), or_open(&self.networks), or_open(tacs));
        numbers.iter().all(|number| {
            networks.iter().all(|network| {
                let all_hold =
                    |tac: &String| self.crowds.holds(&Shared { number, network, tac, place, hour }, self.least);
                tacs.iter().all(all_hold)
            })
        })
    }
}
