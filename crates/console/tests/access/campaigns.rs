//! Campaigns over HTTP, as each country sees them: what is not meant for it joins nothing, and is in no count and no edge.

use serde_json::Value;

use super::support::{Topics, alert, at, campaign, linked};
use super::{Console, Signed};

fn topics(console: &Console) -> Topics {
    Topics::at(&console.folder.path().join("console.db"), [2, 0, 1])
}

fn get(console: &Console, signed: &Signed, path: &str) -> (u16, Value) {
    let answer = console.ask("GET", path, &[("cookie", &signed.cookie)], "");
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

/// Sizes of the campaigns that somebody is shown, by what lists and graphs say.
fn sizes(console: &Console, signed: &Signed) -> Vec<(u64, usize, usize)> {
    let (_, list) = get(console, signed, "/api/v1/campaigns?status=live");
    let mut sizes = Vec::new();
    for line in list["campaigns"].as_array().unwrap() {
        let (status, whole) =
            get(console, signed, &format!("/api/v1/campaigns/{}", line["campaign_id"].as_str().unwrap()));
        let count = |name: &str| whole[name].as_array().unwrap().len();
        let by =
            |name: &str| -> u64 { line[name].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum() };
        assert_eq!(
            (status, &whole["alerts"], by("countries"), by("carriers")),
            (200, &line["alerts"], by("patterns"), by("countries"))
        );
        sizes.push((line["alerts"].as_u64().unwrap(), count("members"), count("edges")));
    }
    sizes.sort_unstable();
    sizes
}

/// Three alerts in a row, of which the middle one is not meant for Cambodia: there is no campaign for it, and one of three for Thailand.
#[test]
fn a_step_that_is_not_for_somebody_joins_nothing_for_them() {
    let console = Console::start(false, true);
    let [thai, own] = ["viewer-th", "viewer-kh"].map(|name| console.sign_in(name));
    // What every console of this test has: two alerts for all.
    assert_eq!((sizes(&console, &thai), sizes(&console, &own)), (vec![(2, 2, 1)], vec![(2, 2, 1)]));
    let mut topics = topics(&console);
    let (first, last) = (linked(alert(31), 50), linked(alert(36), 51));
    let mut step = linked(linked(alert(32), 50), 51);
    (step.handling.recipients, step.producer.country) = (vec!["TH".to_owned()], "VN".to_owned());
    [&first, &step, &last].into_iter().for_each(|alert| _ = topics.alert(alert));
    topics.join(&campaign(&[&first, &step, &last], 0));
    assert_eq!(sizes(&console, &thai), [(2, 2, 1), (3, 3, 2)]);
    assert_eq!(sizes(&console, &own), [(2, 2, 1)], "neither the step nor what it joins");
    let path = format!("/api/v1/campaigns/{}", first.incident_id);
    let (status, whole) = get(&console, &thai, &path);
    assert_eq!((status, &whole["is_named"], &whole["shared"][0]["alerts"]), (200, &true.into(), &2.into()));
    assert_eq!(get(&console, &own, &path).0, 404, "the topic's name tells nothing either");
    for one in [&first, &last] {
        let path = format!("/api/v1/incidents/{}", lancang_console::store::key(&one.incident_id, &one.producer.uri()));
        let (told, thai) = (get(&console, &own, &path).1, get(&console, &thai, &path).1);
        assert_eq!((&told["campaign"], &told["row"]["campaign"]), (&Value::Null, &Value::Null));
        assert_eq!((&told["related"], thai["related"].as_array().unwrap().len()), (&Value::Array(vec![]), 2));
    }
    // What is left of it joins what it joins: the two others, and a further one that both countries may see.
    let more = linked(linked(alert(33), 51), 50);
    topics.alert(&more);
    assert_eq!(
        (sizes(&console, &thai), sizes(&console, &own)),
        (vec![(2, 2, 1), (4, 4, 5)], vec![(2, 2, 1), (3, 3, 2)])
    );
    let (_, whole) = get(&console, &own, &path);
    assert_eq!((&whole["is_named"], &whole["campaign_id"]), (&true.into(), &first.incident_id.as_str().into()));
    assert!(!whole.to_string().contains(&step.incident_id), "{whole}");
    // What its producers want deleted joins nothing any more.
    topics.let_go(at(90 * 86_400 + 34), 1_000);
    assert_eq!((sizes(&console, &thai), sizes(&console, &own)), (vec![], vec![]));
}
