//! What the patterns in force see of the feeds that intake reads, told as a metric: a feed that loses a field or a kind of row
//! makes patterns blind, and nothing else says so (`lancang feeds` looks once, this looks on).
//!
//! - Of each feed a frame a second is looked at ([`Profile`]), some microseconds of work.
//! - A feed is first told of after its first [`FIRST_RECORDS`], all of which are looked at; then anew with every [`RECORDS`] or every hour, so that what is rare is in
//!   what it is judged by.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lancang_pattern::PackSources;
use lancang_pattern::file::PatternFile;

use super::Shared;
use crate::feed_profile::{Profile, Sight};
use crate::metrics::Metric;

/// Records after which a feed is told of for the first time, and with less than which it never is: a field in fewer than one of
/// a hundred records counts as missing.
const FIRST_RECORDS: u64 = 1_000;
/// Records by which it is judged afterwards.
const RECORDS: u64 = 50_000;
/// A feed of fewer records is judged by those of this time.
const TELL_EVERY: Duration = Duration::from_secs(3600);
/// Between two looks at whether another pack is in force.
const LOOK_FOR_PACK_EVERY: Duration = Duration::from_secs(30);

/// What is seen of the feeds of a worker.
pub struct Watch {
    shared: Arc<Shared>,
    pack: Option<[u8; 32]>,
    looked: Option<Instant>,
    files: Vec<PatternFile>,
    feeds: Vec<Seen>,
}

struct Seen {
    profile: Profile,
    since: Instant,
    was_told: bool,
    /// A frame is wanted.
    wants: bool,
}

impl Watch {
    /// Knows no pack yet, and looks at nothing.
    #[must_use]
    pub fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), pack: None, looked: None, files: Vec::new(), feeds: Vec::new() }
    }

    /// Looks at the first frame of an interval's entries, if one of this feed is wanted; at all of a feed that was not told of.
    pub fn look<'e>(&mut self, feed: usize, entries: impl IntoIterator<Item = &'e [u8]>) {
        let Some(seen) = self.feeds.get_mut(feed).filter(|seen| seen.wants) else { return };
        let before = seen.profile.records();
        for entry in entries {
            seen.profile.entry(entry);
            if seen.was_told && seen.profile.records() > before {
                seen.wants = false;
                return;
            }
        }
    }

    /// Once a second: tells of feeds of which enough was seen, and wants another frame of each.
    pub fn turn(&mut self) {
        if self.looked.is_none_or(|looked| looked.elapsed() >= LOOK_FOR_PACK_EVERY) {
            self.looked = Some(Instant::now());
            self.look_for_pack();
        }
        for (seen, feed) in self.feeds.iter_mut().zip(&self.shared.config.feeds) {
            seen.wants = true;
            let records = seen.profile.records();
            let enough = records >= if seen.was_told { RECORDS } else { FIRST_RECORDS };
            if !enough && (records < FIRST_RECORDS || seen.since.elapsed() < TELL_EVERY) {
                continue;
            }
            for file in &self.files {
                let blindness = blindness(seen.profile.view(file).sight);
                self.shared.metrics.set(Metric::IntakeBlindness, &[&feed.name, &file.id], blindness);
            }
            *seen = Seen { was_told: true, ..Seen::new(&self.files) };
        }
    }

    /// A pack that cannot be read now is looked for again; what was told stays until then.
    fn look_for_pack(&mut self) {
        let store = &self.shared.store;
        let Ok(Some(hash)) = store.announced() else { return };
        if self.pack == Some(hash) {
            return;
        }
        let sources = store.pack(&hash).ok().and_then(|bytes| PackSources::decode(&bytes).ok());
        let Some(files) = sources.and_then(|sources| sources.files().ok()) else { return };
        self.pack = Some(hash);
        self.files = files.into_iter().filter(|file| file.mode.is_some()).collect();
        self.feeds = self.shared.config.feeds.iter().map(|_| Seen::new(&self.files)).collect();
        self.shared.metrics.reset(Metric::IntakeBlindness);
    }
}

impl Seen {
    fn new(files: &[PatternFile]) -> Self {
        Self { profile: Profile::new(files), since: Instant::now(), was_told: false, wants: true }
    }
}

const fn blindness(sight: Sight) -> f64 {
    match sight {
        Sight::Sees => 0.0,
        Sight::Weak => 0.5,
        Sight::Blind => 1.0,
    }
}
