//! What too few people share leaves no carrier: types of devices, places and hours.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod desk;

use std::collections::BTreeMap;
use std::sync::Arc;

use lancang_alert::crowds::{Count, Crowds, Sighting};
use lancang_alert::{Alert, Budgets, Outcome, Policy, Registry, Relay, Site, Sites, Source, Trust};
use lancang_numbering::NumberPlans;
use lancang_record::Timestamp;

const CELL: &str = "456-06-00001";

fn site() -> Site {
    Site { latitude: 11.5564, longitude: 104.9282, country: Some("KH".into()), admin1: Some("phnom-penh".into()) }
}

/// Of 30 subscribers 20 have one type of device and were heard at nine; those ten of another type were not.
fn crowds(least: u32) -> Crowds {
    let plans = NumberPlans::built_in();
    let mut count = Count::new(least);
    for subscriber in 0..30_u64 {
        let number = format!("+85510{:06}", 100_000 + subscriber);
        let (imsi, site) = (format!("45606{subscriber:010}"), site());
        let imei = format!("{}{subscriber:06}", if subscriber < 20 { "35000001" } else { "35000002" });
        let sighting = Sighting { number: &number, imsi: &imsi, imei: &imei, site: Some(&site), hour: 9 };
        count.add(&plans, &sighting);
        count.add(&plans, &sighting);
        if subscriber < 25 {
            count.add(&plans, &Sighting { imei: "", hour: 10, ..sighting });
        }
    }
    let mut table = Vec::new();
    count.write(&mut table).unwrap();
    let text = String::from_utf8(table.clone()).unwrap();
    assert!((0..30).all(|subscriber| !text.contains(&(100_000 + subscriber).to_string())), "a number in the table");
    Crowds::read(table.as_slice()).unwrap()
}

fn relay(policy: Policy, crowds: Crowds) -> Relay {
    let trust = Arc::into_inner(desk::trust_with(desk::epochs(None, 0), policy, Registry::default())).unwrap();
    let mut desk = desk::desk(Arc::new(Trust { crowds, ..trust }));
    desk.sites = Sites::new(|cell| (cell == CELL).then(site));
    let source = Source { country: "KH".into(), organisation: "carrier".into(), node: "a".into() };
    Relay::new(desk, [source], Budgets { per_hour: 100, of: BTreeMap::new() }, desk::sealer())
}

fn line(id: u32, revision: u64, hour: &str, tac: &str, number: &str, more: &str) -> String {
    let message = if revision == 0 { "open" } else { "update" };
    format!(
        r#"{{"incident_id":"{id:032x}","revision":{revision},"message":"{message}","family":"sim-box","patterns":["p@1"],
        "entity":{{"type":"caller","value":"{number}"}},"severity":4,"score":87,"first_event":"2025-11-14T09:02:11.000Z",
        "last_event":"2025-11-14T{hour}:31:48.500Z","window_s":86400,"reasons":[],"related":[
        {{"type":"device","value":"{tac}123456","role":"used"}},{{"type":"cell","value":"{CELL}","role":"used"}}{more}],
        "home":"KH"}}"#
    )
}

fn share(relay: &mut Relay, line: &str) -> Alert {
    let now = Timestamp::from_ms(1_764_547_200_000);
    match relay.line(line.as_bytes(), now, now) {
        Outcome::Shared(mut made) => made.pop().unwrap().0,
        withheld @ Outcome::Withheld(..) => panic!("{withheld:?}"),
    }
}

/// Type of the first device, and the place: square, area, or nothing finer than the country.
fn told(alert: &Alert) -> (Option<&str>, &'static str) {
    let device = alert.entities.iter().find(|entity| entity.entity_type == "device").unwrap();
    let place = alert.place.as_ref().unwrap();
    let level = match (place.latitude, &place.admin1) {
        (Some(_), _) => "square",
        (None, Some(_)) => "area",
        _ => "country",
    };
    (device.tac.as_deref(), level)
}

const OWN: &str = "+85510100001";

#[test]
fn a_type_that_enough_have_there_then_is_told_and_another_goes_first() {
    let check = |hour: &str, tac: &str, number: &str, least: u32, expected: (Option<&str>, &str)| {
        let mut relay = relay(Policy::shipped(), crowds(least));
        assert_eq!(
            told(&share(&mut relay, &line(1, 0, hour, tac, number, ""))),
            expected,
            "{hour} {tac} {number} {least}"
        );
    };
    check("09", "35000001", OWN, 20, (Some("35000001"), "square"));
    check("09", "35000002", OWN, 20, (None, "square"));
    check("10", "35000001", OWN, 20, (None, "square"));
    check("11", "35000001", OWN, 20, (None, "country"));
    // Nobody with such a number was heard there.
    check("09", "35000001", "+85597100001", 20, (None, "country"));
    check("09", "35000001", "+66812345678", 20, (None, "country"));
    // Fewer than the policy asks for were counted.
    check("09", "35000001", OWN, 10, (None, "country"));
    let sim: &str = r#",{"type":"sim","value":"520010000000001","role":"used"}"#;
    let mut relay = relay(Policy::shipped(), crowds(20));
    assert_eq!(told(&share(&mut relay, &line(1, 0, "09", "35000001", OWN, sim))), (None, "country"), "a visitor's SIM");
}

#[test]
fn nothing_counted_is_nothing_told_and_without_the_rule_all_is() {
    let mut without = relay(Policy::shipped(), Crowds::default());
    assert_eq!(told(&share(&mut without, &line(1, 0, "09", "35000001", OWN, ""))), (None, "country"));
    assert_eq!((without.coarsened().tacs, without.coarsened().places), (1, 1));
    let shipped = include_str!("../../../config/policy.toml");
    let lax = shipped.replacen("k_min = 20\n", "", 1);
    assert_ne!(lax, shipped);
    let mut lax = relay(Policy::read("p.toml", &lax).unwrap(), Crowds::default());
    assert_eq!(told(&share(&mut lax, &line(1, 0, "11", "35000002", OWN, ""))), (Some("35000002"), "square"));
}

/// What one revision told is told: the next may not add to it what would make it one of few.
#[test]
fn revisions_add_up() {
    let mut first = relay(Policy::shipped(), crowds(20));
    assert_eq!(told(&share(&mut first, &line(1, 0, "09", "35000001", OWN, ""))), (Some("35000001"), "square"));
    // At ten nobody of this type was heard: the type is known, so the place is not told.
    assert_eq!(told(&share(&mut first, &line(1, 1, "10", "35000001", OWN, ""))), (Some("35000001"), "country"));
    let mut second = relay(Policy::shipped(), crowds(20));
    assert_eq!(told(&share(&mut second, &line(1, 0, "10", "35000001", OWN, ""))), (None, "square"));
    // At nine enough have it; at ten, when its place was told, they had not.
    assert_eq!(told(&share(&mut second, &line(1, 1, "09", "35000001", OWN, ""))), (None, "square"));
    let mut third = relay(Policy::shipped(), crowds(20));
    assert_eq!(told(&share(&mut third, &line(1, 0, "11", "35000002", OWN, ""))), (None, "country"));
    assert_eq!(told(&share(&mut third, &line(1, 1, "09", "35000002", OWN, ""))), (None, "country"), "never finer");
}

/// What the same token told in another alert is known, and what that one told of others with it.
#[test]
fn alerts_of_the_same_token_add_up() {
    let mut two = relay(Policy::shipped(), crowds(20));
    assert_eq!(told(&share(&mut two, &line(1, 0, "09", "35000001", OWN, ""))), (Some("35000001"), "square"));
    // Another incident, of another family, of the same number: at ten nobody with such a device was heard.
    let other = |id, hour, number: &str| line(id, 0, hour, "35000002", number, "").replace("sim-box", "irsf");
    assert_eq!(told(&share(&mut two, &other(2, "10", OWN))), (None, "country"));
    let mut apart = relay(Policy::shipped(), crowds(20));
    share(&mut apart, &line(1, 0, "09", "35000001", OWN, ""));
    // Nothing joins these: neither number nor device is the same, and a cell is nobody.
    assert_eq!(told(&share(&mut apart, &other(2, "10", "+85510100002"))), (None, "square"));
    // A third names both numbers, so that all of it is one's: the type of the first is known where the second was heard.
    let both = r#",{"type":"caller","value":"+85510100002","role":"used"}"#;
    let third = line(3, 0, "10", "35000009", OWN, both).replace("sim-box", "toll");
    assert_eq!(told(&share(&mut apart, &third)), (None, "country"));
    // From a checkpoint it is the same.
    let mut again = relay(Policy::shipped(), crowds(20));
    let mut before = relay(Policy::shipped(), crowds(20));
    let first = line(1, 0, "09", "35000001", OWN, "");
    let now = Timestamp::from_ms(1_764_547_200_000);
    let Outcome::Shared(made) = before.line(first.as_bytes(), now, now) else { panic!("shared") };
    again.restore("outbox", &before.checkpoint("outbox", 0)).unwrap();
    again.learn(&made[0].1.value).unwrap();
    assert_eq!(told(&share(&mut again, &other(2, "10", OWN))), (None, "country"));
}

#[test]
fn mistakes_of_a_table_have_their_lines() {
    let head = "number,network,tac,place,hour,subscribers\n";
    let lines =
        |text: &str| Crowds::read(text.as_bytes()).unwrap_err().iter().map(|error| error.line).collect::<Vec<_>>();
    assert_eq!(lines("tac,subscribers\n"), [1]);
    assert_eq!(lines(&format!("{head},,1,,,20\n,,1,,20\n,,1,,,many\n")), [3, 4]);
    assert_eq!(Crowds::read(format!("{head},,1,,,20\n").as_bytes()).unwrap().len(), 1);
}
