//! Feedback and campaigns: few, and read from their beginning at each start.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use lancang_alert::campaign::Verified;
use lancang_alert::feedback::{Believed as Said, Id};
use lancang_console::limits::STATEMENTS_WAIT_MS;
use lancang_console::store::Topic;

use super::super::joining::SWEEP_MAX;
use super::{BATCH_MAX, GATHER, Reader, SWEEP_EVERY, signed};
use crate::campaign_topic::CampaignTopic;
use crate::feedback_topic::FeedbackTopic;
use crate::metrics::Metric;
use crate::service::relay::now;
use crate::signed_topic::{Original, TURN};

impl Reader {
    pub(super) fn feedback(&mut self) -> anyhow::Result<()> {
        let mut topic = FeedbackTopic::open(&self.follow.consumer)?;
        self.refused = 0;
        let place = self.place(topic.topic())?.unwrap_or(0);
        let mut producer = None;
        let mut stored = topic.topic().next_offset();
        let mut is_swept = false;
        while self.goes_on() && !topic.has_other_keys() {
            let mut said: Vec<(i64, Said, Original)> = Vec::new();
            // Operations that changed, with the offset of the newest word about them; none where something was let go of alone.
            let mut operations: BTreeMap<Id, Option<i64>> = BTreeMap::new();
            let begun = Instant::now();
            let mut wait = TURN;
            while said.len() < BATCH_MAX && begun.elapsed() < GATHER.max(wait) {
                let Some((believed, original)) = topic.turn(wait, now)? else { break };
                let offset = topic.topic().next_offset() - 1;
                let own = believed.feedback.operation_id(believed.id);
                for id in topic.fold().changed_operations() {
                    let known = operations.entry(*id).or_default();
                    *known = (*known).max((own == Some(*id)).then_some(offset));
                }
                said.push((offset, believed, original));
                wait = Duration::ZERO;
            }
            let next = topic.topic().next_offset();
            if next > stored {
                let mut writer = self.writer();
                if !self.goes_on() {
                    break;
                }
                let batch = writer.batch()?;
                for (offset, believed, original) in &said {
                    let about = believed.feedback.incident.as_ref();
                    let state = about.and_then(|about| topic.fold().incident(about));
                    batch.said(believed, signed(original), state.as_ref(), *offset)?;
                    batch.operation_word(believed, signed(original))?;
                }
                batch.operations(topic.fold(), operations)?;
                // What was there already is read once more: pages were told of it.
                batch.read_to(Topic::Feedback, next.max(place))?;
                batch.commit()?;
                drop(writer);
                self.kept(&vec!["taken"; said.len()]);
                stored = next;
            }
            if topic.is_past_end() && !is_swept && self.goes_on() {
                let mut writer = self.writer();
                let batch = writer.batch()?;
                batch.keep_operations(topic.fold())?;
                batch.commit()?;
                is_swept = true;
            }
            self.count_refused(topic.refused());
            self.turned(topic.topic(), topic.is_past_end())?;
            self.sweep_statements()?;
            if let Some(speaker) = &mut self.speaker {
                speaker.speak(&self.follow.consumer, &topic, &mut producer, || self.pulse.turn());
            }
        }
        // What was said before the end is sent.
        if let Some(speaker) = &mut self.speaker
            && self.stop.is_stopped()
        {
            speaker.speak(&self.follow.consumer, &topic, &mut producer, || self.pulse.turn());
        }
        Ok(())
    }

    pub(super) fn campaigns(&mut self) -> anyhow::Result<()> {
        let mut topic = CampaignTopic::open(&self.follow.consumer)?;
        self.refused = 0;
        let place = self.place(topic.topic())?.unwrap_or(0);
        let mut stored = topic.topic().next_offset();
        while self.goes_on() {
            let believed: Option<(Verified, Original)> = topic.turn()?;
            let next = topic.topic().next_offset();
            if next > stored {
                let mut writer = self.writer();
                if !self.goes_on() {
                    break;
                }
                let batch = writer.batch()?;
                // What was there already says nothing new: pages were told of it.
                if let Some((verified, original)) = believed.as_ref().filter(|_| next > place) {
                    batch.campaign(&verified.campaign, signed(original), next - 1)?;
                }
                batch.read_to(Topic::Campaigns, next.max(place))?;
                batch.commit()?;
                drop(writer);
                self.kept(if believed.is_some() { &["taken"] } else { &[] });
                stored = next;
            }
            self.count_refused(topic.refused());
            self.turned(topic.topic(), topic.is_past_end())?;
        }
        Ok(())
    }

    fn count_refused(&mut self, refused: u64) {
        let more = refused.saturating_sub(self.refused);
        if more > 0 {
            self.follow.metrics.add(Metric::ConsoleMessages, &[self.topic.as_str(), "refused"], more);
            self.refused = refused;
        }
    }

    /// Lets go of what was said of incidents that are not there. The topic keeps it longer than they are kept, and all of it is
    /// read at each start.
    fn sweep_statements(&mut self) -> anyhow::Result<()> {
        let is_due = self.swept.is_none_or(|swept| swept.elapsed() >= SWEEP_EVERY);
        let behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        let is_read = ![Topic::Alerts, Topic::Feedback].iter().any(|topic| behind.contains(topic.as_str()));
        drop(behind);
        if !is_due || !is_read {
            return Ok(());
        }
        self.swept = Some(Instant::now());
        let mut writer = self.writer();
        let batch = writer.batch()?;
        let gone = batch.let_statements_go(now().plus_ms(-STATEMENTS_WAIT_MS), SWEEP_MAX)?;
        batch.commit()?;
        drop(writer);
        self.follow.metrics.add(Metric::ConsoleLetGo, &["statements"], gone);
        if gone >= u64::from(SWEEP_MAX) {
            self.swept = None;
        }
        Ok(())
    }
}
