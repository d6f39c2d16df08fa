//! A record task's state, saved and restored ([`crate::snapshot`] has the rules).

use lancang_pattern::passing::Passing;
use lancang_record::log::WireCodec;

use crate::asked::Asked;
use crate::limits::RETURNS_MS_MAX;
use crate::output::Packs;
use crate::snapshot::{
    Cut, Fetch, Kind, Manifest, Owner, Progress, Save, Saved, Section, Sections, SnapshotError, encode_value, hex,
    restore,
};

use super::{RecordTask, Settings, State};

impl State {
    fn sections(&mut self) -> Sections<'_> {
        let mut sections = self.identities.sections();
        sections.push((Section::Calls, 0, self.calls.saved()));
        sections.extend(self.subscribers.sections());
        sections.push((Section::EverAbroad, 0, &mut self.ever_abroad));
        sections.push((Section::Incidents, 0, &mut self.incidents));
        sections.extend((0..).zip(&mut self.pending).map(|(class, panes)| {
            let panes: &mut dyn Saved = panes;
            (Section::Pending, class, panes)
        }));
        sections.extend(self.local.iter_mut().flat_map(|entities| entities.sections()));
        sections
    }
}

impl RecordTask {
    /// Begins to save all that is known before the entry at `offset`, on top of what `base` names; everything where there
    /// is none. A save that is under way is given up.
    ///
    /// # Panics
    /// If what the last entry leads to was not put out whole: no offset says how far that is.
    pub fn begin_save(&mut self, offset: i64, base: Option<&Manifest>) -> Cut {
        assert!(self.leaving.is_none(), "a save begins between two steps of an entry");
        if self.save.is_some() || base.is_none() {
            self.forget_saved();
        }
        let mut core = Vec::new();
        encode_value(&self.state, &mut core);
        let (save, cut) = Save::begin(self.settings.owner(Kind::Records), offset, base, core, self.state.sections());
        self.save = Some(save);
        cut
    }

    /// Takes the next piece of the save that is under way.
    pub fn save_step(&mut self) -> Progress {
        let Some(save) = &mut self.save else { return Progress::GivenUp };
        let progress = save.next(self.state.sections());
        if matches!(progress, Progress::Whole) {
            self.save = None;
        }
        progress
    }

    /// Bytes that are held because they changed after the cut of the save that is under way, before they were taken.
    #[must_use]
    pub fn copied_early(&mut self) -> usize {
        self.state.sections().iter().map(|(_, _, container)| container.early_bytes()).sum()
    }

    /// Gives up the save that is under way; the next one takes everything.
    pub fn forget_saved(&mut self) {
        self.save = None;
        self.state.sections().into_iter().for_each(|(_, _, container)| container.forget());
    }

    /// A task as a save left it, put together on so many threads, and the offset to go on from.
    ///
    /// # Errors
    /// [`SnapshotError`] if anything of it is damaged, of another version or another task, or its pack is gone.
    pub fn restore(
        settings: Settings,
        manifest: &Manifest,
        fetch: &Fetch<'_>,
        threads: usize,
        packs: &Packs<'_>,
    ) -> Result<(Self, i64), SnapshotError> {
        let core = |bytes: &[u8]| WireCodec::decode_checked::<State>("core", bytes, 0).ok();
        let owner = settings.owner(Kind::Records);
        let state = restore(owner, manifest, fetch, threads, core, State::sections)?;
        let mut task = Self::new(settings);
        if let Some(hash) = state.pack {
            let pack = packs(&hash).ok_or_else(|| SnapshotError::Pack(hex(&hash)))?;
            if !pack.plan.local.iter().map(|plan| plan.hash).eq(state.local.iter().map(|entities| entities.plan)) {
                return Err(SnapshotError::Plans(hex(&hash)));
            }
            task.pack = Some(pack);
        }
        task.state = state;
        task.whole_from = task.state.clocks.settled(RETURNS_MS_MAX);
        if let Some(pack) = &task.pack {
            (task.asked, task.passing) = (Asked::by(pack), Passing::default());
            task.count_limits();
            task.state.subscribers.resize(task.asked.needs, task.state.clocks.least(), settings.pair_bytes);
        }
        Ok((task, manifest.offset))
    }
}

impl Settings {
    pub(crate) const fn owner(self, kind: Kind) -> Owner {
        Owner { kind, partition: self.partition, partitions: self.partitions }
    }
}
