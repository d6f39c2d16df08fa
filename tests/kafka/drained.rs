//! Reloads and drains while records keep coming in: what is found is byte for byte what an undisturbed run finds over the same
//! records log, every line is shared once, and every record has one fate.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lancang_kafka::{OutRecord, Producer, ProducerSettings};
use lancang_record::log::Entry;
use lancang_traffic::Sent;
use rustix::process::Signal;

use crate::carrier::{Carrier, LONG, Lancang, records};
use crate::faults::compare;
use crate::relay::shared_once;

/// Slices that the records come in.
const SLICES: usize = 300;
/// Between two of them; ten times as long for the last quarter, so that some are left on a slow machine, too.
const PACE: Duration = Duration::from_millis(40);
const RELOADS: usize = 5;
const DRAINS: usize = 3;
/// Between readiness and the drain.
const DRAIN_WAIT: Duration = Duration::from_millis(1_500);
const PATTERNS: [&str; 3] = ["sim-box-burst", "smishing-burst", "spoofed-prefix"];

/// The carrier's switches, which do not pause for anybody.
#[derive(Default)]
struct Switches {
    left: AtomicUsize,
    /// What is left comes at once.
    is_over: AtomicBool,
}

impl Switches {
    fn send(&self, carrier: &Carrier, records: &[Sent]) {
        let mut producer = Producer::connect(&ProducerSettings::new(carrier.connection.clone())).unwrap();
        let mut slices = records.chunks(records.len() / SLICES + 1);
        self.left.store(slices.len(), Ordering::Relaxed);
        while let Some(slice) = slices.next() {
            let messages: Vec<OutRecord> = slice.iter().map(|sent| carrier.message(sent)).collect();
            producer.send_batch(&messages).unwrap();
            self.left.store(slices.len(), Ordering::Relaxed);
            if !self.is_over.load(Ordering::Relaxed) {
                std::thread::sleep(if slices.len() > SLICES / 4 { PACE } else { PACE * 10 });
            }
        }
    }

    /// Runs `meanwhile` while they send all of it.
    fn under_load(carrier: &Carrier, records: &[Sent], meanwhile: impl FnOnce(&Self)) {
        let switches = Self::default();
        std::thread::scope(|scope| {
            scope.spawn(|| switches.send(carrier, records));
            meanwhile(&switches);
            assert!(switches.left.load(Ordering::Relaxed) > 0, "nothing was under load any more");
            switches.is_over.store(true, Ordering::Relaxed);
        });
        carrier.wait_until_framed(records.len());
        carrier.wait_until_idle();
    }
}

fn count(run: &Lancang, metric: &str, outcome: &str) -> f64 {
    run.metric(metric).get(&format!("{{outcome=\"{outcome}\"}}")).copied().unwrap_or(0.0)
}

/// More records come to the log.
fn wait_for_more(carrier: &Carrier, run: &Lancang) {
    let before = carrier.framed();
    run.wait_until(LONG, || carrier.framed() > before);
}

/// Packs of a partition's log in their order, where frames stand behind each.
fn packs(carrier: &Carrier, partition: i32) -> Vec<[u8; 32]> {
    let (mut packs, mut newest): (Vec<[u8; 32]>, _) = (Vec::new(), None);
    for message in carrier.read("records").iter().filter(|message| message.partition == partition) {
        match Entry::decode(message.payload.as_deref().unwrap()).unwrap() {
            Entry::Control(control) => newest = Some(control.pack),
            Entry::Frame(_) => packs.extend(newest.take()),
            Entry::Marks(_) => {}
        }
    }
    packs.dedup();
    packs
}

/// Patterns, a list, the trunk table and the relay's epochs are read anew again and again, with mistakes in between.
#[test]
fn reloads_under_load_lose_nothing() {
    let mut carrier = Carrier::new(2);
    carrier.score = "snapshot = \"1s\"".to_owned();
    carrier.keep_patterns(&PATTERNS);
    let config = carrier.config("lancang.toml", "", "budget_per_hour = 1000000");
    let (mut run, mut relay) = (carrier.start("run", &config), carrier.start("relay", &config));
    run.wait_until_ready();
    relay.wait_until_ready();
    let records = records(4);
    Switches::under_load(&carrier, &records, |_| {
        for round in 0..RELOADS {
            wait_for_more(&carrier, &run);
            with_mistakes(&carrier, &config, (&run, &relay), round);
            changed(&carrier, &config, round);
            [&run, &relay].iter().for_each(|process| process.signal(Signal::HUP));
            // The first one was announced at the start.
            run.wait_until(LONG, || count(&run, "lancang_pack_changes_total", "announced") == (round + 2) as f64);
            relay.wait_until(LONG, || count(&relay, "lancang_relay_reloads_total", "applied") == (round + 1) as f64);
        }
        wait_for_more(&carrier, &run);
    });
    run.must_run();
    relay.must_run();
    for partition in 0..2 {
        assert_eq!(packs(&carrier, partition).len(), RELOADS + 1, "records came between any two reloads");
    }
    let expected = compare(&carrier);
    shared_once(&carrier, &expected);
    let all = records.len() as f64;
    for stage in ["intake", "score"] {
        let (read, fates) = (format!("lancang_{stage}_records_read_total"), format!("lancang_{stage}_records_total"));
        run.wait_until(LONG, || run.sum(&fates) >= all);
        assert_eq!((run.sum(&read), run.sum(&fates)), (all, all), "{stage}");
    }
    assert_eq!((run.end(), relay.end()), (0, 0));
}

/// Another version of a pattern, one more trunk and declared caller, one more epoch to come.
fn changed(carrier: &Carrier, config: &Path, round: usize) {
    carrier.change_pattern("sim-box-burst", "\nversion = ", &format!("\nversion = {} # ", 70 + round));
    let append = |name: &str, line: String| {
        let path = carrier.path(name);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text + &line).unwrap();
    };
    append("trunks.csv", format!("new-{round}-*,true,VN\n"));
    append("lists/generated.csv", format!("declared-callers,number,+8551299{round:04},fraud-desk,a test,2099-12-31\n"));
    let key = "key_env = \"LANCANG_TEST_EPOCH_KEY\"";
    let next = format!("}}, {{ id = \"{}-01\", from = \"{0}-01-01T00:00:00Z\", {key} }}]", 2090 + round);
    let text = std::fs::read_to_string(config).unwrap();
    assert!(text.contains("}]\nsigning_key_env"));
    std::fs::write(config, text.replace("}]\nsigning_key_env", &format!("{next}\nsigning_key_env"))).unwrap();
}

/// Every second time what is to be read has mistakes first: it is refused, and changes nothing.
fn with_mistakes(carrier: &Carrier, config: &Path, (run, relay): (&Lancang, &Lancang), round: usize) {
    if round % 2 == 1 {
        return;
    }
    let kept = [carrier.path("patterns/spoofed-prefix.toml"), config.to_path_buf()]
        .map(|path| (std::fs::read_to_string(&path).unwrap(), path));
    for (text, path) in &kept {
        std::fs::write(path, text.replace("\nversion = ", "\nversion = no").replace("[relay]", "[rellay]")).unwrap();
    }
    let (packs, reloads) = ("lancang_pack_changes_total", "lancang_relay_reloads_total");
    let (refused, not_applied) = (count(run, packs, "refused") + 1.0, count(relay, reloads, "refused") + 1.0);
    [run, relay].iter().for_each(|process| process.signal(Signal::HUP));
    run.wait_until(LONG, || count(run, packs, "refused") == refused);
    relay.wait_until(LONG, || count(relay, reloads, "refused") == not_applied);
    kept.iter().for_each(|(text, path)| std::fs::write(path, text).unwrap());
}

/// Told to end in the middle of it and started again at once, three times.
#[test]
fn drains_under_load_lose_nothing() {
    let mut carrier = Carrier::new(2);
    carrier.score = "snapshot = \"1s\"".to_owned();
    carrier.keep_patterns(&PATTERNS);
    let config = carrier.config("lancang.toml", "", "budget_per_hour = 1000000");
    let text = std::fs::read_to_string(&config).unwrap();
    let wait = format!("[http]\ndrain_wait = \"{}ms\"\n", DRAIN_WAIT.as_millis());
    std::fs::write(&config, text.replace("[http]\n", &wait)).unwrap();
    let records = records(6);
    let mut counted = BTreeMap::new();
    let mut count = |run: &Lancang| {
        for (stage, told) in told_at_the_end(run) {
            let sum: &mut (u64, u64) = counted.entry(stage).or_default();
            *sum = (sum.0 + told.0, sum.1 + told.1);
        }
    };
    let start = || {
        let processes = (carrier.start("run", &config), carrier.start("relay", &config));
        processes.0.wait_until_ready();
        processes.1.wait_until_ready();
        processes
    };
    let mut last = start();
    Switches::under_load(&carrier, &records, |switches| {
        for _ in 0..DRAINS {
            wait_for_more(&carrier, &last.0);
            last.1.signal(Signal::TERM);
            drained(&mut last.0, switches);
            count(&last.0);
            assert_eq!(last.1.wait(), 0, "{}", last.1.log());
            last = start();
        }
    });
    let expected = compare(&carrier);
    shared_once(&carrier, &expected);
    let (mut run, relay) = last;
    // All that was read of the log, which is more than the watermarks have let through.
    run.wait_until(LONG, || run.sum("lancang_score_records_read_total") == run.sum("lancang_score_records_total"));
    run.signal(Signal::TERM);
    assert_eq!((run.wait(), relay.end()), (0, 0));
    count(&run);
    let all = records.len() as u64;
    assert_eq!(counted, BTreeMap::from([("intake".to_owned(), (all, all)), ("score".to_owned(), (all, all))]));
}

/// Whoever asks sees that it is not ready before it drains, and alive all the time; it reads on until then.
fn drained(run: &mut Lancang, switches: &Switches) {
    assert_eq!(run.get("/readyz").0, 200);
    let left = switches.left.load(Ordering::Relaxed);
    run.signal(Signal::TERM);
    let begun = Instant::now();
    let mut fell = None;
    while let Some((status, page)) = run.asked("/readyz") {
        let is_draining = run.log().contains("draining: commits");
        if status == 503 && fell.is_none() {
            assert!(!is_draining && page.contains("draining"), "the drain came first: {page}\n{}", run.log());
            fell = Some(begun.elapsed());
        }
        assert!(fell.is_some() || !is_draining, "ready, and the drain has begun:\n{}", run.log());
        assert!(run.asked("/healthz").is_none_or(|(status, _)| status == 200), "{}", run.log());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(fell.is_some(), "nobody saw that it is not ready");
    assert_eq!(run.wait(), 0, "{}", run.log());
    assert!(begun.elapsed() >= DRAIN_WAIT);
    let came = left - switches.left.load(Ordering::Relaxed);
    assert!(came > 0, "nothing came meanwhile");
    println!("not ready after {fell:?}, ended after {:?}; {came} slices came meanwhile", begun.elapsed());
}

/// Records read, and those with a fate, by stage, as the last lines of its log say.
fn told_at_the_end(run: &Lancang) -> BTreeMap<String, (u64, u64)> {
    let field = |line: &str, name: &str| line.split_once(name).unwrap().1.to_owned();
    let log = run.log();
    let told = log.lines().filter(|line| line.contains(" ended stage=")).map(|line| {
        let stage = field(line, "stage=\"").split('"').next().unwrap().to_owned();
        let read = field(line, "read=").split(' ').next().unwrap().parse().unwrap();
        let fates = field(line, "fates=\"");
        let fates = fates.trim_end_matches('"').split(", ").filter_map(|fate| fate.split_once(' '));
        (stage, (read, fates.map(|(_, count)| count.parse::<u64>().unwrap()).sum()))
    });
    let told: BTreeMap<String, (u64, u64)> = told.collect();
    assert_eq!(told.len(), 2, "{log}");
    told
}
