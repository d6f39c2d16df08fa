//! Campaigns as each country sees them, joined while alerts are read.
//!
//! - Countries that are new are joined of what the database has, by a thread of their own, while alerts are read on; what came meanwhile is
//!   looked up at the end, by the reader of alerts. What is joined for others stays, and goes on with the next alert.
//! - What is joined is kept in many small transactions, one a turn of the reader: an alert waits for one of them at most.
//! - Nothing is written once reading does not go on: the database may be another one by then, and what is joined here none of it. That is
//!   asked while the writer is held, so that nobody empties it in between.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lancang_alert::Alert;
use lancang_console::Seen;
use lancang_console::store::{Batch, LetGo, Loading, Reads, StoreError, Views, Writer};
use lancang_record::Timestamp;

/// Between two looks whether somebody may ask for the view of a further country.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Incidents that go in one transaction.
pub(super) const SWEEP_MAX: u32 = 1_000;

/// Whether reading goes on as it began.
pub(super) type GoesOn<'a> = &'a dyn Fn() -> bool;

/// Countries that are joined aside.
#[derive(Debug)]
struct Aside {
    countries: BTreeSet<String>,
    thread: JoinHandle<Result<Option<Loading>, StoreError>>,
    /// Nobody waits for it any more.
    is_left: Arc<AtomicBool>,
    begun: Instant,
    /// Incidents that were let go of since.
    gone: Vec<Seen>,
}

impl Aside {
    /// Begins; it ends where `goes_on` says so.
    fn begin(
        countries: BTreeSet<String>,
        database: &Path,
        goes_on: impl Fn() -> bool + Send + 'static,
    ) -> anyhow::Result<Self> {
        let is_left = Arc::new(AtomicBool::new(false));
        let (reads, left, new) = (Reads::open(database, 1)?, Arc::clone(&is_left), countries.clone());
        let load = move || {
            let goes_on = || !left.load(Ordering::Relaxed) && goes_on();
            let mut loading = reads.look(|sight| Loading::begin(sight, &new))?;
            // Once more for what came while all of it was read: that is little, and the rest less.
            for _ in 0..2 {
                if !reads.look(|sight| loading.take(sight, goes_on))? {
                    return Ok(None);
                }
                loading.regroup();
            }
            Ok(Some(loading))
        };
        let thread = std::thread::Builder::new().name("console-joining".to_owned()).spawn(load)?;
        Ok(Self { countries, thread, is_left, begun: Instant::now(), gone: Vec::new() })
    }

    /// What was joined; none if reading did not go on.
    fn end(self, database: &Path) -> anyhow::Result<Option<Views>> {
        let ended =
            self.thread.join().map_err(|_| anyhow::anyhow!("joining campaigns of {:?} failed", self.countries))?;
        let Some(loading) = ended? else { return Ok(None) };
        Ok(Some(Reads::open(database, 1)?.look(|sight| loading.finish(sight, &self.gone))?))
    }
}

/// What is joined, and how far that is told.
#[derive(Debug, Default)]
pub(super) struct Joining {
    views: Views,
    aside: Option<Aside>,
    /// Whether more of what is joined is to be kept.
    is_more: bool,
    /// When it was last asked for whom alerts are joined.
    looked: Option<Instant>,
    /// Alerts that were too many to join, as far as they are told.
    told_evicted: u64,
}

/// What a sweep did.
#[derive(Debug)]
pub(super) struct Swept {
    pub(super) gone: LetGo,
    /// Incidents that are kept.
    pub(super) incidents: i64,
    /// Alerts that were too many to join, since the last one.
    pub(super) evicted: u64,
    /// Whether the log beside the file was emptied.
    pub(super) is_emptied: bool,
}

impl Joining {
    /// Whether it is time to ask for whom alerts are joined, or what is joined aside is there.
    pub(super) fn is_due(&self) -> bool {
        match &self.aside {
            Some(aside) => aside.thread.is_finished(),
            None => self.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY),
        }
    }

    /// Whether there is something to do beside the reading of alerts.
    pub(super) const fn is_at_work(&self) -> bool {
        self.is_more
    }

    /// Joins for these countries, and for no others any more: begins aside what is missing, and takes it up once it is there. If reading
    /// does not go on meanwhile, all is as it was.
    pub(super) fn follow(
        &mut self,
        countries: &BTreeSet<String>,
        database: &Path,
        goes_on: impl Fn() -> bool + Send + 'static,
    ) -> anyhow::Result<()> {
        if let Some(aside) = self.aside.take_if(|aside| aside.thread.is_finished()) {
            let (new, begun) = (aside.countries.clone(), aside.begun);
            let Some(loaded) = aside.end(database)?.filter(|_| goes_on()) else { return Ok(()) };
            self.change_to(countries, loaded);
            tracing::info!(?countries, ?new, took = ?begun.elapsed(), "campaigns are joined of the alerts that are kept");
        }
        if self.aside.is_some() {
            return Ok(());
        }
        let missing = self.views.missing(countries);
        if !missing.is_empty() {
            self.aside = Some(Aside::begin(missing, database, goes_on)?);
            return Ok(());
        }
        if !self.views.are_of(countries) {
            self.change_to(countries, Views::default());
        }
        self.looked = Some(Instant::now());
        Ok(())
    }

    fn change_to(&mut self, countries: &BTreeSet<String>, loaded: Views) {
        // What loading could not join was told when it came.
        let untold = self.views.evicted().saturating_sub(self.told_evicted);
        self.views.change_to(countries, loaded);
        self.told_evicted = self.views.evicted().saturating_sub(untold);
        self.is_more = true;
    }

    /// Takes an alert that was kept.
    pub(super) fn take(&mut self, alert: &Alert) {
        self.views.take(alert);
    }

    /// Keeps what has changed with the alerts that it follows from, as far as it goes into one transaction.
    pub(super) fn kept_in(&mut self, batch: &Batch<'_>) -> anyhow::Result<()> {
        self.is_more = batch.joined(&mut self.views)?;
        Ok(())
    }

    /// Keeps more of what was joined, as much as goes into one transaction.
    pub(super) fn keep(&mut self, writer: &Mutex<Writer>, goes_on: GoesOn<'_>) -> anyhow::Result<()> {
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        if !goes_on() {
            return Ok(());
        }
        let batch = writer.batch()?;
        self.kept_in(&batch)?;
        Ok(batch.commit()?)
    }

    /// Lets go of what has to go, and of what was joined of it; none where reading does not go on.
    pub(super) fn sweep(
        &mut self,
        writer: &Mutex<Writer>,
        (now, incidents_max): (Timestamp, u32),
        goes_on: GoesOn<'_>,
    ) -> anyhow::Result<Option<Swept>> {
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        if !goes_on() {
            return Ok(None);
        }
        let batch = writer.batch()?;
        let gone = batch.let_go(now, incidents_max, SWEEP_MAX)?;
        let incidents = batch.incidents()?;
        self.views.forget(&gone.incidents);
        self.aside.iter_mut().for_each(|aside| aside.gone.extend_from_slice(&gone.incidents));
        self.kept_in(&batch)?;
        batch.commit()?;
        let is_emptied = writer.checkpoint()?;
        let evicted = self.views.evicted().saturating_sub(self.told_evicted);
        self.told_evicted += evicted;
        Ok(Some(Swept { gone, incidents, evicted, is_emptied }))
    }
}

/// What is joined aside for nobody ends by itself, soon.
impl Drop for Joining {
    fn drop(&mut self) {
        self.aside.iter().for_each(|aside| aside.is_left.store(true, Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::PathBuf;

    use lancang_alert::alert::{CorrelationKey, Links};
    use lancang_console::store::{Eyes, News, Signed, Taken, Topic};

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_790_000_000_000);
    const INCIDENTS_MAX: u32 = 1_000;

    struct Kept {
        writer: Mutex<Writer>,
        /// Offset behind the last alert.
        next: Cell<i64>,
        database: PathBuf,
        _folder: tempfile::TempDir,
    }

    /// Of another carrier each, with a device in common.
    fn alert(number: u64) -> Alert {
        let golden = include_str!("../../crates/alert/tests/golden/v1/update.json");
        let mut alert: Alert = serde_json::from_str(golden).unwrap();
        alert.incident_id = format!("{number:032x}");
        alert.producer.organisation = format!("carrier-{number}");
        (alert.revision, alert.message, alert.sequence) = (0, "open".to_owned(), number);
        alert.handling.recipients.clear();
        alert.handling.retain_until = "2999-01-01T00:00:00.000Z".to_owned();
        let (kind, token, key_id) = ("device".to_owned(), "7".repeat(32), "e".to_owned());
        let key = CorrelationKey { kind, token, key_id, also: Vec::new(), weight: 1.0 };
        alert.links = Some(Links { keys: vec![key], ..Links::default() });
        alert
    }

    impl Kept {
        /// Two alerts that hang together, as one looks who reads them for the first time.
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let database = folder.path().join("console.db");
            let writer = Mutex::new(Writer::open(&database).unwrap());
            let kept = Self { writer, next: Cell::new(0), database, _folder: folder };
            [1, 2].iter().for_each(|number| kept.take(*number, &mut Joining::default()));
            kept
        }

        fn take(&self, number: u64, joining: &mut Joining) {
            let mut writer = self.writer.lock().unwrap();
            let batch = writer.batch().unwrap();
            let offset = self.next.replace(self.next.get() + 1);
            let alert = &Alert { sequence: offset as u64 + 1, ..alert(number) };
            let signed = Signed { value: &serde_json::to_vec(alert).unwrap(), envelope: b"{}", received: NOW };
            let taken = Taken { alert, signed, key_id: "00", offset, heard: NOW };
            assert_eq!(batch.alert(taken).unwrap(), News::Opened);
            joining.take(alert);
            joining.kept_in(&batch).unwrap();
            batch.read_to(Topic::Alerts, offset + 1).unwrap();
            batch.commit().unwrap();
        }

        /// One turn of who reads alerts.
        fn turn(&self, joining: &mut Joining, countries: &[&str], goes_on: impl Fn() -> bool + Clone + Send + 'static) {
            let countries = countries.iter().map(|country| (*country).to_owned()).collect();
            joining.follow(&countries, &self.database, goes_on.clone()).unwrap();
            if joining.is_at_work() {
                joining.keep(&self.writer, &goes_on).unwrap();
            }
        }

        /// Until all is joined and kept.
        fn follow(&self, joining: &mut Joining, countries: &[&str]) {
            while {
                self.turn(joining, countries, || true);
                joining.aside.is_some() || joining.is_more
            } {
                std::thread::yield_now();
            }
        }

        /// Alerts of what each country sees as a campaign; none where nothing is joined for it.
        fn seen(&self) -> [Option<Vec<u64>>; 2] {
            let reads = Reads::open(&self.database, 1).unwrap();
            ["KH", "TH"].map(|country| {
                let eyes = Eyes::of(country).unwrap();
                if !reads.look(|sight| sight.is_joined_for(eyes)).unwrap() {
                    return None;
                }
                let (lines, _) = reads.look(|sight| sight.campaigns(eyes, None, Some(true), None, 9)).unwrap();
                Some(lines.iter().map(|line| line["alerts"].as_u64().unwrap()).collect())
            })
        }
    }

    #[test]
    fn a_stop_while_campaigns_are_joined_takes_nobodys_away() {
        let kept = Kept::new();
        kept.follow(&mut Joining::default(), &["KH", "TH"]);
        let all = [Some(vec![2]), Some(vec![2])];
        assert_eq!(kept.seen(), all);
        // A start that is stopped at once, and what the same turn of the loop does after it.
        let mut joining = Joining::default();
        kept.turn(&mut joining, &["KH", "TH"], || false);
        while !joining.is_due() {
            std::thread::yield_now();
        }
        kept.turn(&mut joining, &["KH", "TH"], || false);
        assert!(joining.aside.is_none() && joining.is_due());
        joining.keep(&kept.writer, &|| false).unwrap();
        assert!(joining.sweep(&kept.writer, (NOW, 0), &|| false).unwrap().is_none());
        assert_eq!(kept.seen(), all);
        // Nor does what is not loaded yet stand for nothing.
        joining.keep(&kept.writer, &|| true).unwrap();
        assert_eq!(kept.seen(), all);
        // Stopped after it was loaded, before it is taken up; and after that, before it is kept.
        kept.turn(&mut joining, &["TH"], || true);
        while !joining.is_due() {
            std::thread::yield_now();
        }
        kept.turn(&mut joining, &["TH"], || false);
        assert_eq!(kept.seen(), all);
        kept.turn(&mut joining, &["TH"], || true);
        while !joining.is_due() {
            std::thread::yield_now();
        }
        joining.follow(&["TH".to_owned()].into(), &kept.database, || true).unwrap();
        joining.keep(&kept.writer, &|| false).unwrap();
        assert!(joining.is_at_work());
        assert_eq!(kept.seen(), all);
        let swept = joining.sweep(&kept.writer, (NOW, INCIDENTS_MAX), &|| true).unwrap().unwrap();
        assert_eq!((swept.incidents, joining.is_at_work()), (2, false));
        assert_eq!(kept.seen(), [None, Some(vec![2])]);
    }

    #[test]
    fn a_new_country_is_joined_alone_and_the_others_go_on() {
        let kept = Kept::new();
        let mut joining = Joining::default();
        kept.follow(&mut joining, &["KH"]);
        assert_eq!(kept.seen(), [Some(vec![2]), None]);
        assert!(!joining.is_due());
        assert_eq!(joining.views.missing(&["KH", "TH", "XX"].map(str::to_owned).into()), ["TH".to_owned()].into());
        kept.follow(&mut joining, &["KH", "TH"]);
        kept.take(3, &mut joining);
        assert_eq!(kept.seen(), [Some(vec![3]), Some(vec![3])]);
        // One whose users are gone; the other one has all of it, and what comes after.
        kept.follow(&mut joining, &["TH"]);
        kept.take(4, &mut joining);
        assert_eq!(kept.seen(), [None, Some(vec![4])]);
    }

    /// While a country is joined, alerts are taken up, seen, taken back and let go of as ever; in the end it has what the others have.
    #[test]
    fn alerts_go_on_while_a_country_is_joined() {
        let kept = Kept::new();
        let mut joining = Joining::default();
        kept.follow(&mut joining, &["KH"]);
        let gate = Arc::new(AtomicBool::new(false));
        let (asked, opened) = (Arc::new(AtomicBool::new(false)), Arc::clone(&gate));
        let is_asked = Arc::clone(&asked);
        // It stands still before its first alert.
        let goes_on = move || {
            asked.store(true, Ordering::Relaxed);
            while !opened.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            true
        };
        joining.follow(&["KH", "TH"].map(str::to_owned).into(), &kept.database, goes_on).unwrap();
        while !is_asked.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        for number in 3..=5 {
            kept.take(number, &mut joining);
            assert_eq!(kept.seen(), [Some(vec![number]), None], "nobody waits");
        }
        // Of the five the two that changed the longest ago go, and one of them comes again.
        joining.sweep(&kept.writer, (NOW, 3), &|| true).unwrap().unwrap();
        assert_eq!(kept.seen()[0], Some(vec![3]));
        kept.take(1, &mut joining);
        gate.store(true, Ordering::Relaxed);
        kept.follow(&mut joining, &["KH", "TH"]);
        assert_eq!(kept.seen(), [Some(vec![4]), Some(vec![4])]);
        kept.take(6, &mut joining);
        assert_eq!(kept.seen(), [Some(vec![5]), Some(vec![5])]);
    }

    /// How long a turn of the reader takes with an alert while a country is joined beside it
    /// (`LANCANG_TEST_ALERTS=100000 cargo test --workspace --lib -- --ignored --nocapture waits_for_no_country`, benches/RESULTS.md).
    #[test]
    #[ignore = "fills a database with 100,000 alerts"]
    fn an_alert_waits_for_no_country() {
        let count: u64 = std::env::var("LANCANG_TEST_ALERTS").map_or(100_000, |count| count.parse().unwrap());
        let (kept, mut joining) = (Kept::new(), Joining::default());
        kept.follow(&mut joining, &["KH"]);
        let mut writer = kept.writer.lock().unwrap();
        let mut numbers = (10..count + 10).peekable();
        while numbers.peek().is_some() {
            let batch = writer.batch().unwrap();
            for number in numbers.by_ref().take(1_000) {
                let offset = kept.next.replace(kept.next.get() + 1);
                let mut alert = Alert { sequence: offset as u64 + 1, ..alert(number) };
                alert.producer.organisation = format!("carrier-{}", number % 7);
                // Three in a row share a device.
                alert.links.iter_mut().for_each(|links| links.keys[0].token = format!("{:032x}", number / 3 + 1_000));
                let signed = Signed { value: &serde_json::to_vec(&alert).unwrap(), envelope: b"{}", received: NOW };
                batch.alert(Taken { alert: &alert, signed, key_id: "00", offset, heard: NOW }).unwrap();
                joining.take(&alert);
            }
            batch.read_to(Topic::Alerts, kept.next.get()).unwrap();
            joining.kept_in(&batch).unwrap();
            batch.commit().unwrap();
        }
        drop(writer);
        let (begun, mut longest, mut turns) = (Instant::now(), Duration::ZERO, 0_u64);
        let at = |number| {
            let turned = Instant::now();
            kept.take(number, &mut Joining::default());
            turned.elapsed()
        };
        let alone = at(1_000_000_000);
        while {
            let turned = Instant::now();
            kept.turn(&mut joining, &["KH", "TH"], || true);
            turns += 1;
            kept.take(1_000_000_000 + turns, &mut joining);
            longest = longest.max(turned.elapsed());
            joining.aside.is_some() || joining.is_more
        } {
            std::thread::sleep(Duration::from_millis(5));
        }
        eprintln!(
            "{count} alerts are joined for a new country in {:?}; the longest of {turns} turns with an alert took {longest:?}, alone {alone:?}",
            begun.elapsed()
        );
        assert!(longest < Duration::from_secs(1), "{longest:?}");
    }
}
