//! Campaigns as each country sees them, joined while alerts are read.
//!
//! - A country that is new is joined of what the database has, seen in a state of its own, so that no other reader waits for it; what is
//!   joined for others stays, and goes on with the next alert.
//! - Nothing is written once reading does not go on: the database may be another one by then, and what is joined here none of it. That is
//!   asked while the writer is held, so that nobody empties it in between.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lancang_alert::Alert;
use lancang_console::store::{Batch, LetGo, Reads, Views, Writer};
use lancang_record::Timestamp;

/// Between two looks whether somebody may ask for the view of a further country.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Incidents that go in one transaction.
pub(super) const SWEEP_MAX: u32 = 1_000;

/// Whether reading goes on as it began.
pub(super) type GoesOn<'a> = &'a dyn Fn() -> bool;

/// What is joined, and how far that is told.
#[derive(Debug, Default)]
pub(super) struct Joining {
    views: Views,
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
    /// Whether more of what is joined is to be kept ([`Joining::keep`]).
    pub(super) is_more: bool,
}

impl Joining {
    /// Whether it is time to ask for whom alerts are joined.
    pub(super) fn is_due(&self) -> bool {
        self.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY)
    }

    /// Joins for these countries, and for no others any more; whether something has changed. If reading does not go on meanwhile, it is
    /// as it was.
    pub(super) fn follow(
        &mut self,
        countries: &BTreeSet<String>,
        database: &Path,
        writer: &Mutex<Writer>,
        goes_on: GoesOn<'_>,
    ) -> anyhow::Result<bool> {
        if self.views.are_of(countries) {
            self.looked = Some(Instant::now());
            return Ok(false);
        }
        let (begun, missing) = (Instant::now(), self.views.missing(countries));
        let loaded = Reads::open(database, 1)?.look(|sight| Views::load(sight, &missing, goes_on))?;
        let Some(loaded) = loaded.filter(|_| goes_on()) else { return Ok(false) };
        // What loading could not join was told when it came.
        let untold = self.views.evicted().saturating_sub(self.told_evicted);
        self.views.change_to(countries, loaded);
        self.told_evicted = self.views.evicted().saturating_sub(untold);
        self.keep(writer, goes_on)?;
        self.looked = Some(Instant::now());
        tracing::info!(?countries, new = ?missing, took = ?begun.elapsed(), "campaigns are joined of the alerts that are kept");
        Ok(true)
    }

    /// Takes an alert that was kept.
    pub(super) fn take(&mut self, alert: &Alert) {
        self.views.take(alert);
    }

    /// Keeps what has changed with the alerts that it follows from; whether there is more than goes into one transaction.
    pub(super) fn kept_in(&mut self, batch: &Batch<'_>) -> anyhow::Result<bool> {
        Ok(batch.joined(&mut self.views)?)
    }

    /// Keeps what was joined, in as many transactions as that takes.
    pub(super) fn keep(&mut self, writer: &Mutex<Writer>, goes_on: GoesOn<'_>) -> anyhow::Result<()> {
        loop {
            let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            if !goes_on() {
                return Ok(());
            }
            let batch = writer.batch()?;
            let is_more = self.kept_in(&batch)?;
            batch.commit()?;
            if !is_more {
                return Ok(());
            }
        }
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
        let is_more = self.kept_in(&batch)?;
        batch.commit()?;
        let is_emptied = writer.checkpoint()?;
        let evicted = self.views.evicted().saturating_sub(self.told_evicted);
        self.told_evicted += evicted;
        Ok(Some(Swept { gone, incidents, evicted, is_emptied, is_more }))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::PathBuf;

    use lancang_alert::alert::{CorrelationKey, Links};
    use lancang_console::store::{Eyes, Signed, Taken};

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_790_000_000_000);
    const INCIDENTS_MAX: u32 = 1_000;

    struct Kept {
        writer: Mutex<Writer>,
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
            let kept = Self { writer, database, _folder: folder };
            [1, 2].iter().for_each(|number| kept.take(*number, &mut Joining::default()));
            kept
        }

        fn take(&self, number: u64, joining: &mut Joining) {
            let mut writer = self.writer.lock().unwrap();
            let batch = writer.batch().unwrap();
            let alert = &alert(number);
            let signed = Signed { value: &serde_json::to_vec(alert).unwrap(), envelope: b"{}", received: NOW };
            let taken = Taken { alert, signed, key_id: "00", offset: number as i64, heard: NOW };
            batch.alert(taken).unwrap();
            joining.take(alert);
            joining.kept_in(&batch).unwrap();
            batch.commit().unwrap();
        }

        fn follow(&self, joining: &mut Joining, countries: &[&str], goes_on: GoesOn<'_>) -> bool {
            let countries = countries.iter().map(|country| (*country).to_owned()).collect();
            joining.follow(&countries, &self.database, &self.writer, goes_on).unwrap()
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
        assert!(kept.follow(&mut Joining::default(), &["KH", "TH"], &|| true));
        let all = [Some(vec![2]), Some(vec![2])];
        assert_eq!(kept.seen(), all);
        // A start that is stopped at once, and what the same turn of the loop does after it.
        let mut joining = Joining::default();
        assert!(!kept.follow(&mut joining, &["KH", "TH"], &|| false) && joining.is_due());
        joining.keep(&kept.writer, &|| false).unwrap();
        assert!(joining.sweep(&kept.writer, (NOW, 0), &|| false).unwrap().is_none());
        assert_eq!(kept.seen(), all);
        // Nor does what is not loaded yet stand for nothing.
        joining.keep(&kept.writer, &|| true).unwrap();
        assert_eq!(kept.seen(), all);
        // Stopped after it was loaded, before it is kept.
        let asked = Cell::new(0);
        let once = || asked.replace(asked.get() + 1) == 0;
        kept.follow(&mut joining, &["TH"], &once);
        assert_eq!(kept.seen(), all);
        let swept = joining.sweep(&kept.writer, (NOW, INCIDENTS_MAX), &|| true).unwrap().unwrap();
        assert_eq!((swept.incidents, swept.is_more), (2, false));
        assert_eq!(kept.seen(), [None, Some(vec![2])]);
    }

    #[test]
    fn a_new_country_is_joined_alone_and_the_others_go_on() {
        let kept = Kept::new();
        let mut joining = Joining::default();
        kept.follow(&mut joining, &["KH"], &|| true);
        assert_eq!(kept.seen(), [Some(vec![2]), None]);
        assert!(!joining.is_due() && !kept.follow(&mut joining, &["KH"], &|| true));
        assert_eq!(joining.views.missing(&["KH", "TH", "XX"].map(str::to_owned).into()), ["TH".to_owned()].into());
        assert!(kept.follow(&mut joining, &["KH", "TH"], &|| true));
        kept.take(3, &mut joining);
        assert_eq!(kept.seen(), [Some(vec![3]), Some(vec![3])]);
        // One whose users are gone; the other one has all of it, and what comes after.
        assert!(kept.follow(&mut joining, &["TH"], &|| true));
        kept.take(4, &mut joining);
        assert_eq!(kept.seen(), [None, Some(vec![4])]);
    }
}
