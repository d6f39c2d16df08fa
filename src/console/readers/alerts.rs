//! Alerts: taken up, joined to campaigns, told with their delay; and what has to go of them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use lancang_alert::Source;
use lancang_alert::feedback::organisation;
use lancang_console::store::{News, Taken, Topic};

use super::super::joining::{Joining, SWEEP_MAX, Swept};
use super::{BATCH_MAX, Follow, GATHER, Reader, SWEEP_EVERY, signed};
use crate::alert_topic::{self, AlertTopic, Believed};
use crate::metrics::{Metric, Of};
use crate::service::relay::now;
use crate::signed_topic::{Begin, SignedTopic, TURN};

/// Messages before the database's place that are read in silence, as `alerts tail` does.
const LOOK_BACK: u32 = 10_000;

impl Reader {
    pub(super) fn alerts(&mut self) -> anyhow::Result<()> {
        if self.follow.carrier.is_some() && self.writer().has_refused("unknown-key")? {
            tracing::warn!("alerts were refused because their key was not known: all is read anew");
            self.empty()?;
        }
        let mut place = self.writer().place(self.topic)?.unwrap_or(0);
        let begin = Begin::At { offset: place, look_back: LOOK_BACK };
        let mut topic = AlertTopic::open(&self.follow.consumer, begin)?;
        if self.place(topic.topic())?.is_none() && place > 0 {
            topic = AlertTopic::open(&self.follow.consumer, Begin::Beginning)?;
            place = 0;
        }
        // What is read in silence lies before it: pages have seen it.
        let mut stored = place;
        // A database that was emptied has no keys either.
        self.learned = 0;
        // What was joined and not kept is joined anew.
        let mut joining = Joining::default();
        while self.goes_on() && !topic.has_other_keys() {
            let wait = if joining.is_at_work() { Duration::ZERO } else { TURN };
            let mut heard: Vec<alert_topic::Heard> = topic.next(wait, now)?.into_iter().collect();
            self.follow_viewers(&mut joining)?;
            // What is not joined is not to be kept as nothing: it is joined with the next start.
            if !self.goes_on() {
                break;
            }
            let begun = Instant::now();
            while !heard.is_empty() && heard.len() < BATCH_MAX && begun.elapsed() < GATHER {
                match topic.next(Duration::ZERO, now)? {
                    Some(more) => heard.push(more),
                    None => break,
                }
            }
            let next = topic.topic().next_offset();
            if next > stored {
                self.keep_alerts(&heard, next, topic.is_past_end(), &mut joining)?;
                stored = next;
            } else if joining.is_at_work() {
                self.keep_joined(&mut joining)?;
            }
            self.turned(topic.topic(), topic.is_past_end())?;
            self.keep_keys(topic.topic())?;
            self.sweep(&mut joining)?;
        }
        Ok(())
    }

    /// Keeps what the registry says now: a dossier has the entries that its signatures are checked by.
    fn keep_keys(&mut self, topic: &SignedTopic) -> anyhow::Result<()> {
        let registry = topic.registry();
        if self.learned == registry.learned() {
            return Ok(());
        }
        let mut writer = self.writer();
        let batch = writer.batch()?;
        batch.keys(registry)?;
        batch.commit()?;
        drop(writer);
        self.learned = registry.learned();
        Ok(())
    }

    /// Whether reading goes on, asked in the midst of long work.
    fn turns(&self) -> bool {
        self.pulse.turn();
        self.goes_on()
    }

    /// Joins alerts for each country whose view somebody may ask for; at a carrier's desk for nobody.
    fn follow_viewers(&self, joining: &mut Joining) -> anyhow::Result<()> {
        let Follow { carrier, site, database, emptied, .. } = &self.follow;
        if carrier.is_some() || !joining.is_due() {
            return Ok(());
        }
        let (stop, all, own) = (self.stop.clone(), Arc::clone(emptied), self.emptied);
        joining.follow(&site.countries(), database, move || !stop.is_stopped() && own == all.load(Ordering::Relaxed))
    }

    /// Keeps more of what is joined; pages are told of it once all is kept.
    fn keep_joined(&self, joining: &mut Joining) -> anyhow::Result<()> {
        joining.keep(&self.follow.writer, &|| self.turns())?;
        if !joining.is_at_work() {
            self.kept(&[]);
        }
        Ok(())
    }

    fn keep_alerts(
        &self,
        heard: &[alert_topic::Heard],
        next: i64,
        is_live: bool,
        joining: &mut Joining,
    ) -> anyhow::Result<()> {
        let mut writer = self.writer();
        if !self.goes_on() {
            return Ok(());
        }
        let batch = writer.batch()?;
        let mut fates = Vec::new();
        for heard in heard {
            match heard {
                alert_topic::Heard::Alert(believed) => {
                    let (verified, offset) = (&believed.verified, believed.offset);
                    if !self.is_own(&verified.alert.producer) {
                        fates.push("other-carrier");
                        continue;
                    }
                    let (alert, key_id) = (&verified.alert, verified.key_id.as_str());
                    let signed = signed(&believed.original);
                    fates.push(match batch.alert(Taken { alert, signed, key_id, offset, heard: now() })? {
                        News::Opened | News::Revised => {
                            joining.take(alert);
                            if self.follow.carrier.is_some() {
                                batch.home_line(alert)?;
                            }
                            "taken"
                        }
                        News::Repeat => "repeat",
                        News::Refused => "refused",
                    });
                }
                alert_topic::Heard::Refused { claimed, kind } => {
                    batch.refused(claimed, kind)?;
                    fates.push("refused");
                }
            }
        }
        joining.kept_in(&batch)?;
        batch.read_to(Topic::Alerts, next)?;
        batch.commit()?;
        drop(writer);
        self.kept(&fates);
        for heard in heard.iter().filter(|_| is_live) {
            if let alert_topic::Heard::Alert(believed) = heard {
                self.tell_delay(believed);
            }
        }
        Ok(())
    }

    /// At a carrier's desk: whether an alert is the carrier's. One outbox may have those of several, a country each.
    fn is_own(&self, producer: &Source) -> bool {
        self.follow.carrier.as_ref().is_none_or(|carrier| *carrier == organisation(producer))
    }

    /// From an alert's commit until now. When its carrier numbered it says nothing of this console: the copier's way and its outages lie
    /// between.
    fn tell_delay(&self, believed: &Believed) {
        let Some(committed) = believed.committed else { return };
        // Of two clocks one may be ahead.
        let took_ms = u64::try_from(now().since_ms(committed)).unwrap_or(0);
        let of = Of::Alert { trace_id: &believed.verified.alert.incident_id };
        self.follow.metrics.observe_of(Metric::ConsoleDelay, Duration::from_millis(took_ms), of);
    }

    /// Lets go of what has to go.
    fn sweep(&mut self, joining: &mut Joining) -> anyhow::Result<()> {
        if self.swept.is_some_and(|swept| swept.elapsed() < SWEEP_EVERY) {
            return Ok(());
        }
        self.swept = Some(Instant::now());
        let swept = joining.sweep(&self.follow.writer, (now(), self.follow.incidents_max), &|| self.turns())?;
        let Some(Swept { gone, incidents, evicted, is_emptied }) = swept else { return Ok(()) };
        if !is_emptied {
            tracing::debug!("somebody looks at an older state of the database: its log is emptied with the next sweep");
        }
        let metrics = &self.follow.metrics;
        metrics.set(Metric::ConsoleIncidents, &[], incidents as f64);
        let counts = [gone.retained, gone.surplus, gone.campaigns, evicted];
        for (reason, count) in ["retained", "surplus", "campaigns", "unjoined"].into_iter().zip(counts) {
            metrics.add(Metric::ConsoleLetGo, &[reason], count);
        }
        if gone.retained + gone.surplus >= u64::from(SWEEP_MAX) {
            // There is more: with the next turn.
            self.swept = None;
        }
        Ok(())
    }
}
