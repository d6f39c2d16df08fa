//! From a figure to one of those that it counted: of each bucket of a histogram the log names one a minute.
//!
//! - Named is what everybody may know: where a message lies in its topic, or the id of a shared alert, which is its trace
//!   (`traceparent`). The id of an incident at home is in no line: it is made of a value without a key, and who tries all numbers finds it.
//! - A bucket that begins at [`SLOW_S`] or later is told of at `info`, the others at `debug`.
//! - At most one line for a bucket within [`EVERY`].

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two lines for a bucket.
const EVERY: Duration = Duration::from_secs(60);
/// What takes longer is worth a line, seconds: twice what half of all incidents take from record to commit in the demo
/// (benches/RESULTS.md).
const SLOW_S: f64 = 1.0;

/// What was timed.
#[derive(Clone, Copy, Debug)]
pub enum Of<'o> {
    /// A message of the home cluster.
    Message {
        /// Topic.
        topic: &'o str,
        /// Partition.
        partition: i32,
        /// Offset.
        offset: i64,
    },
    /// A shared alert.
    Alert {
        /// Its incident's id abroad.
        trace_id: &'o str,
    },
}

impl fmt::Display for Of<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message { topic, partition, offset } => write!(f, "{topic}/{partition}@{offset}"),
            Self::Alert { trace_id } => write!(f, "{trace_id}"),
        }
    }
}

/// When a bucket of a histogram was last told of.
#[derive(Default)]
pub(super) struct Traced(Mutex<Vec<Option<Instant>>>);

impl Traced {
    /// Names what took so long, unless another of its bucket was named a moment ago.
    pub(super) fn tell(&self, metric: &str, bounds_s: &[f64], took: Duration, of: Of<'_>, now: Instant) {
        let bucket = bounds_s.partition_point(|bound| *bound < took.as_secs_f64());
        if !self.is_due(bucket, now) {
            return;
        }
        let bucket_s = bounds_s.get(bucket).map_or_else(|| "+Inf".to_owned(), f64::to_string);
        let elapsed_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let from_s = bucket.checked_sub(1).map_or(0.0, |before| bounds_s[before]);
        let place = matches!(of, Of::Message { .. }).then(|| tracing::field::display(of));
        let trace_id = matches!(of, Of::Alert { .. }).then(|| tracing::field::display(of));
        if from_s >= SLOW_S {
            tracing::info!(metric, bucket_s, elapsed_ms, trace_id, place, "one of those that took so long");
        } else {
            tracing::debug!(metric, bucket_s, elapsed_ms, trace_id, place, "one of those that took so long");
        }
    }

    fn is_due(&self, bucket: usize, now: Instant) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() <= bucket {
            told.resize(bucket + 1, None);
        }
        let is_due = told[bucket].is_none_or(|before| now.saturating_duration_since(before) >= EVERY);
        if is_due {
            told[bucket] = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_bucket_is_told_of_once_a_minute() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().json().without_time().with_writer(move || writer.clone()).finish();
        let traced = Traced::default();
        let begun = Instant::now();
        let alert = Of::Alert { trace_id: "90c9e987e5c8fd9377ece4cb8fde6dae" };
        let record = Of::Message { topic: "lancang.records.v1", partition: 3, offset: 41 };
        tracing::subscriber::with_default(subscriber, || {
            let tell = |took_ms, of, at_s| {
                let took = Duration::from_millis(took_ms);
                traced.tell("lancang_x_seconds", &[0.5, 1.0, 5.0], took, of, begun + Duration::from_secs(at_s));
            };
            // Quick ones are for whoever asks for them.
            tell(20, alert, 0);
            tell(900, alert, 0);
            tell(1_500, alert, 0);
            (0..1_000).for_each(|_| tell(4_900, record, 1));
            tell(5_000, record, 59);
            tell(6_000, record, 59);
            tell(5_000, record, 60);
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let told: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let told: Vec<String> = told
            .iter()
            .map(|line| &line["fields"])
            .map(|fields| {
                format!("{} {} {} {}", fields["bucket_s"], fields["elapsed_ms"], fields["trace_id"], fields["place"])
            })
            .collect();
        assert_eq!(
            told,
            [
                r#""5" 1500 "90c9e987e5c8fd9377ece4cb8fde6dae" null"#,
                r#""+Inf" 6000 null "lancang.records.v1/3@41""#,
                r#""5" 5000 null "lancang.records.v1/3@41""#,
            ]
        );
    }
}
