//! An entity task's state, saved and restored ([`crate::snapshot`] has the rules).

use lancang_record::log::WireCodec;

use crate::record_task::Settings;
use crate::snapshot::{
    Cut, Fetch, Kind, Manifest, Progress, Save, Saved, Section, Sections, SnapshotError, encode_value, restore,
};

use super::{EntityTask, State};

impl State {
    fn sections(&mut self) -> Sections<'_> {
        let Self { pending, due, entities, abroad, incidents, .. } = self;
        let mut sections: Sections<'_> = Vec::new();
        sections.push((Section::Entities, 0, entities));
        sections.push((Section::Incidents, 0, incidents));
        for (class, ((pending, due), abroad)) in (0..).zip(pending.iter_mut().zip(due).zip(abroad)) {
            let own: [(Section, &mut dyn Saved); 3] =
                [(Section::Arrived, pending), (Section::Due, due), (Section::Abroad, abroad)];
            sections.extend(own.into_iter().map(|(section, container)| (section, class, container)));
        }
        sections
    }
}

impl EntityTask {
    /// Begins to save all that is known before the message at `offset`, on top of what `base` names; everything where there
    /// is none. A save that is under way is given up.
    ///
    /// # Panics
    /// If what the last message leads to was not put out whole: no offset says how far that is.
    pub fn begin_save(&mut self, offset: i64, base: Option<&Manifest>) -> Cut {
        let between = self.judging.is_none() && self.holding.is_none();
        assert!(between, "a save begins between two steps of a message");
        if self.save.is_some() || base.is_none() {
            self.forget_saved();
        }
        let mut core = Vec::new();
        encode_value(&self.state, &mut core);
        let (save, cut) = Save::begin(self.settings.owner(Kind::Partials), offset, base, core, self.state.sections());
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
    /// [`SnapshotError`] if anything of it is damaged, of another version or of another task.
    pub fn restore(
        settings: Settings,
        manifest: &Manifest,
        fetch: &Fetch<'_>,
        threads: usize,
    ) -> Result<(Self, i64), SnapshotError> {
        let core = |bytes: &[u8]| WireCodec::decode_checked::<State>("core", bytes, 0).ok();
        let owner = settings.owner(Kind::Partials);
        let mut task = Self::new(settings);
        task.state = restore(owner, manifest, fetch, threads, core, State::sections)?;
        Ok((task, manifest.offset))
    }
}
