//! For every alert that is shared of a day with all patterns: its masks, types of devices, place and hour, as they are
//! published, are shared by twenty subscribers of the generated population at least.
//!
//! Members are counted here from the population itself, apart from `lancang crowds`, which counts them from records.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use lancang_alert::alert::Desk;
use lancang_alert::{
    Alert, Budgets, Catalogue, Crowds, EpochKey, EpochKeys, KeyKind, Outcome, Policy, Portability, PrivateKey,
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
    let (day, incidents, crowds) = (path("day.jsonl"), path("incidents.jsonl"), path("crowds.csv"));
    let (trunks, cells_path, lists) = (path("trunks.csv"), path("cells.csv"), path("lists"));
    let of = ["--country", "KH", "--own", &own, "--cells", &cells_path, "--trunks", &trunks];
    lancang(
        &[&["replay", day.as_str(), "--alerts", &incidents, "--mobility", "--lists", &lists], of.as_slice()].concat(),
    );
    lancang(&[&["crowds", day.as_str(), "--out", &crowds], of.as_slice()].concat());
    let lines = std::fs::read_to_string(incidents).unwrap().lines().map(str::to_owned).collect();
    (lines, Crowds::read(std::fs::File::open(crowds).unwrap()).unwrap(), Cells::read(&cells).unwrap())
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

/// What an alert tells of people that fewer than twenty share.
fn too_few(alert: &Alert, by_hour: &mut BTreeMap<i64, Vec<Member>>, generator: &Generator) -> Option<String> {
    let place = alert.place.as_ref().and_then(|place| match (place.latitude, place.longitude) {
        (Some(latitude), Some(longitude)) => Some(format!("{latitude:.1}/{longitude:.1}")),
        _ => place.admin1.clone(),
    });
    let of = |kind: &'static str| alert.entities.iter().filter(move |entity| entity.entity_type == kind);
    let tacs: BTreeSet<&str> = of("device").filter_map(|device| device.tac.as_deref()).collect();
    let visible = |masked: &str| masked.chars().take_while(char::is_ascii_digit).collect::<String>();
    for device in of("device") {
        let shown = visible(device.masked.as_deref().unwrap_or_default());
        assert!(shown.is_empty() || tacs.contains(shown.as_str()), "a type in a mask");
    }
    let hidden = |masked: &str| masked.chars().filter(|digit| *digit == '•').count();
    for entity in alert
        .entities
        .iter()
        .filter(|entity| ["caller", "callee", "sim", "block"].contains(&entity.entity_type.as_str()))
    {
        let masked = entity.masked.as_deref().unwrap_or_default();
        // A name hides nothing, and is no subscriber's.
        assert!(!masked.starts_with('+') || hidden(masked) >= 4, "{masked}");
    }
    if place.is_none() && tacs.is_empty() {
        return None;
    }
    let numbers: BTreeSet<&str> = alert.entities.iter().filter_map(|entity| entity.prefix.as_deref()).collect();
    let networks: BTreeSet<String> = of("sim").filter_map(|sim| sim.masked.as_deref().map(visible)).collect();
    let hour = parse_time("time", &alert.last_event).unwrap().as_ms().div_euclid(HOUR_MS) * HOUR_MS;
    let members = by_hour.entry(hour).or_insert_with(|| members(generator, hour));
    let any = |set: Vec<String>| if set.is_empty() { vec![String::new()] } else { set };
    let fits = |told: &str, is: &str| told.is_empty() || told == is;
    for number in any(numbers.iter().map(|number| (*number).to_owned()).collect()) {
        for network in any(networks.iter().filter(|network| !network.is_empty()).cloned().collect()) {
            for tac in any(tacs.iter().map(|tac| (*tac).to_owned()).collect()) {
                let is_one = |member: &&Member| {
                    fits(&number, &member.number)
                        && fits(&network, &member.network)
                        && (tac.is_empty() || member.tacs.contains(&tac))
                        && place.as_ref().is_none_or(|place| member.places.contains(place))
                };
                let share = members.iter().filter(is_one).count();
                if share < LEAST {
                    return Some(format!("{share} share {number} {network} {tac} {place:?} at {}", alert.last_event));
                }
            }
        }
    }
    None
}

#[test]
fn what_is_told_of_anybody_twenty_share() {
    let folder = tempfile::tempdir().unwrap();
    let (lines, crowds, cells) = of_the_day(folder.path());
    let generator = traffic();
    let mut by_hour = BTreeMap::new();
    let shipped = include_str!("../config/policy.toml");
    let mut of = |policy: &str| {
        let policy = Policy::read("policy.toml", policy).unwrap();
        let alerts = shared(&lines, policy, crowds.clone(), cells.clone());
        let few: Vec<String> = alerts.iter().filter_map(|alert| too_few(alert, &mut by_hour, &generator)).collect();
        (alerts, few)
    };
    let (alerts, few) = of(shipped);
    assert_eq!(few, Vec::<String>::new(), "{} of {} alerts", few.len(), alerts.len());
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
    // Without the rule the search finds those who are alone.
    let (alerts, few) = of(&shipped.replacen("k_min = 20\n", "", 1));
    println!("without the rule {} of {} alerts tell what fewer than twenty share", few.len(), alerts.len());
    assert!(few.len() > 10, "{}", few.len());
}
