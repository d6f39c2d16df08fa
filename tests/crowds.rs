//! For every alert that is shared of a day on which all patterns are at work (some fifteen of them find something): its masks, types of devices, place and hour, as they are
//! published, are shared by twenty subscribers of the generated population at least; masks alone by twenty numbers of it, of
//! whichever operator, where its range is generated.
//!
//! Members are counted here from the population itself, apart from `lancang crowds`, which counts them from records.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use lancang_alert::{
    Alert, Budgets, Catalogue, Crowds, Desk, EpochKey, EpochKeys, KeyKind, Outcome, Policy, Portability, PrivateKey,
    Registry, Relay, Sealer, Signer, Site, Sites, Source, Terms, Trust,
};
use lancang_intake::Cells;
use lancang_numbering::NumberPlans;
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use lancang_traffic::geography::{division, position};
use lancang_traffic::population::Subscriber;
use lancang_traffic::world::{OPERATORS, trunk_table};
use lancang_traffic::{Generator, Settings};

const OPERATOR: usize = 0;
const LEAST: usize = 20;
const HOUR_MS: i64 = 3_600_000;

/// A day of Cambodia's operator, whose 6,000 subscribers suffice for crowds by day.
fn traffic() -> Generator {
    Generator::new(Settings { episodes: 3, phases: true, only: Some(OPERATOR), ..Settings::new(36_000, 1.0, 6) })
}

fn lancang(args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_lancang")).args(args).env("NO_COLOR", "1").output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Incident lines of the day, and the table of crowds, by the commands.
fn of_the_day(folder: &Path) -> (Vec<String>, Crowds, Cells) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let mut day = Vec::new();
    let mut generator = traffic();
    for sent in &mut generator {
        lancang_record::codec::json::encode(&sent.record, &mut day);
        day.push(b'\n');
    }
    std::fs::write(path("day.jsonl"), day).unwrap();
    let mut cells = String::new();
    generator.cells(OPERATOR, |line| cells.push_str(&format!("{line}\n")));
    std::fs::write(path("cells.csv"), &cells).unwrap();
    std::fs::write(path("trunks.csv"), trunk_table()).unwrap();
    std::fs::create_dir(path("lists")).unwrap();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/lists")).unwrap() {
        let from = entry.unwrap().path();
        std::fs::copy(&from, folder.join("lists").join(from.file_name().unwrap())).unwrap();
    }
    std::fs::write(path("lists/generated.csv"), generator.lists()).unwrap();
    let own = format!("+{}", OPERATORS[OPERATOR].mobile);
    let (day, incidents) = (path("day.jsonl"), path("incidents.jsonl"));
    let (trunks, cells_path, lists) = (path("trunks.csv"), path("cells.csv"), path("lists"));
    let of = ["--country", "KH", "--own", &own, "--cells", &cells_path, "--trunks", &trunks];
    lancang(
        &[&["replay", day.as_str(), "--alerts", &incidents, "--mobility", "--lists", &lists], of.as_slice()].concat(),
    );
    let lines = std::fs::read_to_string(incidents).unwrap().lines().map(str::to_owned).collect();
    (lines, crowds_of(folder, LEAST), Cells::read(&cells).unwrap())
}

/// Who are so many at least, by the command.
fn crowds_of(folder: &Path, least: usize) -> Crowds {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (day, cells, trunks, out) = (path("day.jsonl"), path("cells.csv"), path("trunks.csv"), path("crowds.csv"));
    let (own, least) = (format!("+{}", OPERATORS[OPERATOR].mobile), least.to_string());
    let of = ["--country", "KH", "--own", &own, "--cells", &cells, "--trunks", &trunks, "--at-least", &least];
    lancang(&[&["crowds", day.as_str(), "--out", &out], of.as_slice()].concat());
    Crowds::read(std::fs::File::open(out).unwrap()).unwrap()
}

/// All alerts of the incidents, under a policy.
fn shared(lines: &[String], policy: Policy, crowds: Crowds, cells: Cells) -> Vec<Alert> {
    let key = |kind| PrivateKey::from_seed(kind, [7; 32].into()).unwrap();
    let epoch = EpochKey::from_hex("2026-11", "00".repeat(32)).unwrap();
    let trust = Trust {
        keys: EpochKeys::new(vec![(None, epoch)], 0).unwrap(),
        signer: Signer::new(&key(KeyKind::Signing)).unwrap(),
        policy,
        registry: Registry::default(),
        portability: Portability::default(),
        crowds,
        own: std::collections::BTreeMap::new(),
    };
    let degrees = |of_10_000: i32| f64::from(of_10_000) / 10_000.0;
    let site = move |cell: &str| {
        let site = cells.site(cell)?;
        Some(Site {
            latitude: degrees(site.position.latitude()),
            longitude: degrees(site.position.longitude()),
            country: site.country.map(|country| country.to_string()),
            admin1: Some(site.admin1.to_owned()),
        })
    };
    let desk = Desk {
        plans: NumberPlans::built_in(),
        trust: Arc::new(trust),
        engine_version: "0.1.0".into(),
        terms: Terms::default(),
        catalogue: Catalogue::default(),
        sites: Sites::new(site),
    };
    let source = Source { country: "KH".into(), organisation: "mekong-mobile".into(), node: "a".into() };
    let budgets = Budgets { per_hour: 1_000_000, of: BTreeMap::new() };
    let mut relay = Relay::new(desk, [source], budgets, Sealer::new(lancang::secret::system()));
    let now = Timestamp::from_ms(1_763_000_000_000);
    let made = lines.iter().flat_map(|line| match relay.line(line.as_bytes(), now, now) {
        Outcome::Shared(made) => made,
        Outcome::Withheld(..) => Vec::new(),
    });
    made.map(|(alert, _)| alert).collect()
}

/// A subscriber in an hour: visible digits of the number, network, types of devices, and the places they may be heard in.
struct Member {
    number: String,
    network: String,
    tacs: BTreeSet<String>,
    places: BTreeSet<String>,
}

fn members(generator: &Generator, begins_ms: i64) -> Vec<Member> {
    let population = &generator.population;
    let all = (0..population.ordinary).map(|index| Subscriber { operator: OPERATOR, index });
    let at_home = all.filter(|who| population.roams(*who).is_none());
    let member = |who: Subscriber| {
        let times = (0..=12).map(|step| begins_ms + step * (HOUR_MS / 12));
        let spots = times.clone().filter_map(|at| population.spot(who, at));
        // Two of three calls go over the nearest cell, others over its neighbours.
        let cells = spots.flat_map(|spot| (5..8).map(move |draw| population.cell(spot, draw)));
        Member {
            number: who.number()[..6].to_owned(),
            network: who.imsi(0).to_string()[..5].to_owned(),
            tacs: times.map(|at| format!("{:014}", population.imei(who, at))[..8].to_owned()).collect(),
            places: cells.collect::<BTreeSet<u32>>().into_iter().flat_map(places_of).collect(),
        }
    };
    at_home.map(member).collect()
}

fn places_of(cell: u32) -> [String; 2] {
    let (latitude, longitude) = position(OPERATOR, cell);
    let rounded = |degrees: f64| ((degrees * 10_000.0).round() / 10_000.0 * 10.0).round() / 10.0;
    [format!("{:.1}/{:.1}", rounded(latitude), rounded(longitude)), division(OPERATOR, cell).0.to_owned()]
}

/// A place that was told, and the hour in which somebody was there.
type Place = (String, i64);

/// What is told of people: of one alert, or of all that have a token in common.
#[derive(Clone, Default)]
struct Told {
    numbers: BTreeSet<String>,
    networks: BTreeSet<String>,
    tacs: BTreeSet<String>,
    places: BTreeSet<Place>,
    tokens: BTreeSet<String>,
}

impl Told {
    fn by(alert: &Alert) -> Self {
        let place = alert.place.as_ref().and_then(|place| match (place.latitude, place.longitude) {
            (Some(latitude), Some(longitude)) => Some(format!("{latitude:.1}/{longitude:.1}")),
            _ => place.admin1.clone(),
        });
        let of = |kind: &'static str| alert.entities.iter().filter(move |entity| entity.entity_type == kind);
        let hour = parse_time("time", &alert.last_event).unwrap().as_ms().div_euclid(HOUR_MS) * HOUR_MS;
        let networks = of("sim").filter_map(|sim| sim.masked.as_deref().map(visible));
        let is_ones = |kind: &str| ["caller", "callee", "sim", "device"].contains(&kind);
        let named = alert.entities.iter().filter(|entity| is_ones(&entity.entity_type));
        Self {
            numbers: alert.entities.iter().filter_map(|entity| entity.prefix.clone()).collect(),
            networks: networks.filter(|network| !network.is_empty()).collect(),
            tacs: of("device").filter_map(|device| device.tac.clone()).collect(),
            places: place.into_iter().map(|place| (place, hour)).collect(),
            tokens: named.flat_map(|entity| entity.tokens().cloned()).collect(),
        }
    }

    fn add(&mut self, other: Self) {
        self.numbers.extend(other.numbers);
        self.networks.extend(other.networks);
        self.tacs.extend(other.tacs);
        self.places.extend(other.places);
        self.tokens.extend(other.tokens);
    }
}

fn visible(masked: &str) -> String {
    masked.chars().take_while(char::is_ascii_digit).collect()
}

/// No mask of a device shows what its type does not, and that of a number hides enough.
fn masks(alert: &Alert, told: &Told) {
    for device in alert.entities.iter().filter(|entity| entity.entity_type == "device") {
        let shown = visible(device.masked.as_deref().unwrap_or_default());
        assert!(shown.is_empty() || told.tacs.contains(&shown), "a type in a mask");
    }
    let hidden = |masked: &str| masked.chars().filter(|digit| *digit == '•').count();
    let kinds = ["caller", "callee", "sim", "block"];
    for entity in alert.entities.iter().filter(|entity| kinds.contains(&entity.entity_type.as_str())) {
        let masked = entity.masked.as_deref().unwrap_or_default();
        // A name hides nothing, and is no subscriber's.
        assert!(!masked.starts_with('+') || hidden(masked) >= 4, "{masked}");
    }
}

/// Who is counted.
struct Population<'g> {
    generator: &'g Generator,
    by_hour: BTreeMap<i64, Vec<Member>>,
    /// So many must share what is told.
    least: usize,
}

impl Population<'_> {
    /// What too few share of this: each number, network and type, at one of the places.
    fn too_few(&mut self, told: &Told, tacs: &BTreeSet<String>, place: Option<&Place>, hour: i64) -> Option<String> {
        if place.is_none() && tacs.is_empty() {
            return None;
        }
        let hour = place.map_or(hour, |(_, hour)| *hour);
        let generator = self.generator;
        let members = self.by_hour.entry(hour).or_insert_with(|| members(generator, hour));
        let any = |set: &BTreeSet<String>| if set.is_empty() { BTreeSet::from([String::new()]) } else { set.clone() };
        let fits = |told: &str, is: &str| told.is_empty() || told == is;
        for number in any(&told.numbers) {
            for network in any(&told.networks) {
                for tac in any(tacs) {
                    let is_one = |member: &&Member| {
                        fits(&number, &member.number)
                            && fits(&network, &member.network)
                            && (tac.is_empty() || member.tacs.contains(&tac))
                            && place.is_none_or(|(place, _)| member.places.contains(place))
                    };
                    let share = members.iter().filter(is_one).count();
                    if share < self.least {
                        return Some(format!("{share} share {number} {network} {tac} {place:?} in {hour}"));
                    }
                }
            }
        }
        None
    }

    /// What each alert tells that fewer than twenty share, by itself; and what it adds to what those before it told with the same
    /// tokens: a place to types, and types to places.
    fn search(&mut self, alerts: &[Alert]) -> (Vec<String>, Vec<String>) {
        let (mut alone, mut together) = (Vec::new(), Vec::new());
        let mut persons: Vec<Told> = Vec::new();
        for alert in alerts {
            let told = Told::by(alert);
            masks(alert, &told);
            let hour = parse_time("time", &alert.last_event).unwrap().as_ms().div_euclid(HOUR_MS) * HOUR_MS;
            alone.extend(self.too_few(&told, &told.tacs, told.places.first(), hour));
            let (same, others): (Vec<Told>, Vec<Told>) =
                persons.into_iter().partition(|person| !person.tokens.is_disjoint(&told.tokens));
            let mut person = told.clone();
            same.into_iter().for_each(|other| person.add(other));
            let of_place = told.places.first().and_then(|place| self.too_few(&person, &person.tacs, Some(place), hour));
            let mut of_types = person.places.iter().filter(|_| !told.tacs.is_empty());
            let of_types = of_types.find_map(|place| self.too_few(&person, &told.tacs, Some(place), hour));
            together.extend(of_place.or(of_types));
            persons = others;
            persons.push(person);
        }
        (alone, together)
    }
}

/// Numbers of everybody in the six countries.
fn numbers(generator: &Generator) -> BTreeSet<String> {
    let of = |operator| (0..generator.population.ordinary).map(move |index| Subscriber { operator, index }.number());
    (0..OPERATORS.len()).flat_map(of).collect()
}

/// Visible beginnings of numbers that fewer than twenty have, of ranges whose subscribers are generated; and how many others
/// there are: of operators that feed no records, and of other countries.
fn beginnings_of_few(alerts: &[Alert], numbers: &BTreeSet<String>) -> (BTreeSet<String>, usize) {
    let having = |begins: &str| {
        numbers.range(begins.to_owned()..).take_while(|number| number.starts_with(begins)).take(LEAST).count()
    };
    let told: BTreeSet<String> = alerts.iter().flat_map(|alert| Told::by(alert).numbers).collect();
    let is_known = |begins: &String| {
        let ranges = OPERATORS.iter().map(|operator| format!("+{}", operator.mobile));
        ranges.into_iter().any(|range| begins.starts_with(&range) || range.starts_with(begins))
    };
    let (known, unknown): (BTreeSet<String>, BTreeSet<String>) = told.into_iter().partition(is_known);
    (known.into_iter().filter(|begins| having(begins) < LEAST).collect(), unknown.len())
}

/// The type of device that most have in the hour of an alert.
fn common_type(population: &mut Population<'_>, alert: &Alert) -> String {
    let hour = parse_time("time", &alert.last_event).unwrap().as_ms().div_euclid(HOUR_MS) * HOUR_MS;
    let generator = population.generator;
    let members = population.by_hour.entry(hour).or_insert_with(|| members(generator, hour));
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    members.iter().flat_map(|member| &member.tacs).for_each(|tac| *counts.entry(tac).or_default() += 1);
    counts.into_iter().max_by_key(|(_, count)| *count).unwrap().0.clone()
}

/// A line whose devices are of a type.
fn with_type(line: &str, tac: &str) -> String {
    const DEVICE: &str = "\"type\":\"device\",\"value\":\"";
    let mut parts = line.split(DEVICE);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| line + DEVICE + tac + &part[tac.len()..])
}

#[test]
fn what_is_told_of_anybody_twenty_share() {
    let folder = tempfile::tempdir().unwrap();
    let (lines, crowds, cells) = of_the_day(folder.path());
    let generator = traffic();
    let mut population = Population { generator: &generator, by_hour: BTreeMap::new(), least: LEAST };
    let shipped = include_str!("../config/policy.toml");
    let of = |population: &mut Population<'_>, policy: &str| {
        let policy = Policy::read("policy.toml", policy).unwrap();
        let alerts = shared(&lines, policy, crowds.clone(), cells.clone());
        let found = population.search(&alerts);
        (alerts, found)
    };
    let (alerts, (few, together)) = of(&mut population, shipped);
    assert_eq!(few, Vec::<String>::new(), "{} of {} alerts", few.len(), alerts.len());
    assert_eq!(together, Vec::<String>::new(), "{} of {} alerts with those before", together.len(), alerts.len());
    let (few, elsewhere) = beginnings_of_few(&alerts, &numbers(&generator));
    assert_eq!(few, BTreeSet::new(), "masks that fewer than twenty numbers fit");
    println!("{elsewhere} beginnings of numbers whose holders are not generated");
    let patterns: BTreeSet<&str> = alerts.iter().map(|alert| alert.pattern.as_str()).collect();
    let at = |level: fn(&Alert) -> bool| alerts.iter().filter(|alert| level(alert)).count();
    let square = at(|alert| alert.place.as_ref().is_some_and(|place| place.latitude.is_some()));
    let area = at(|alert| alert.place.as_ref().is_some_and(|place| place.latitude.is_none() && place.admin1.is_some()));
    let placed = at(|alert| alert.place.is_some());
    println!(
        "{} alerts of {} patterns; of {placed} with a place {square} tell a square, {area} an area",
        alerts.len(),
        patterns.len()
    );
    assert!(patterns.len() >= 15 && square + area > 0, "{patterns:?}");
    // Without the rule the search finds those who are alone, by themselves and with what was told of them before.
    let (alerts, (few, together)) = of(&mut population, &shipped.replacen("k_min = 20\n", "", 1));
    println!(
        "without the rule {} of {} alerts tell what fewer than twenty share, {} with those before",
        few.len(),
        alerts.len(),
        together.len()
    );
    assert!(few.len() > 10 && together.len() > 10, "{} {}", few.len(), together.len());
    // A thousand types of devices are spread over 6,000 subscribers: nobody's is told. The commonest, where five must share it, is.
    population.least = 5;
    let crowds = crowds_of(folder.path(), 5);
    let common = common_type(&mut population, &alerts[0]);
    let lines: Vec<String> = lines.iter().map(|line| with_type(line, &common)).collect();
    for (policy, of_what) in
        [(shipped.to_owned(), "with places"), (shipped.replacen("\"place\", ", "", 1), "without places")]
    {
        let policy = Policy::read("policy.toml", &policy.replacen("k_min = 20", "k_min = 5", 1)).unwrap();
        let alerts = shared(&lines, policy, crowds.clone(), cells.clone());
        assert_eq!(population.search(&alerts), (Vec::new(), Vec::new()), "{of_what}");
        let devices = alerts.iter().flat_map(|alert| &alert.entities).filter(|entity| entity.tac.is_some());
        let typed = devices.count();
        println!("{typed} devices with their type in {} alerts {of_what}", alerts.len());
        assert!(typed > 0 || of_what == "with places", "no type of a device is told");
    }
}
